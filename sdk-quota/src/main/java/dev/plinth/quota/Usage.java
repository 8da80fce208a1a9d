package dev.plinth.quota;

import java.math.BigDecimal;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a user stands with one limit. Amounts are in the limit's unit.
 *
 * @param limit the limit's name
 * @param used charged and not given back, in the current window or, for a gauge, at present
 * @param held set aside and not yet settled; counts like what is used
 * @param cap the most that used and held may come to; a cap that was lowered can lie below them
 * @param resetsAt when the window ends and used begins at zero; null for a gauge
 */
public record Usage(
    String limit, BigDecimal used, BigDecimal held, BigDecimal cap, @Nullable Instant resetsAt) {
  /** What may still be charged; never less than zero. */
  public BigDecimal remaining() {
    return cap.subtract(used).subtract(held).max(BigDecimal.ZERO);
  }
}
