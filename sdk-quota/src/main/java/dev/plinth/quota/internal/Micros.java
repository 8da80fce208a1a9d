package dev.plinth.quota.internal;

import dev.plinth.core.spi.Args;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Amounts as the ledger keeps them: whole millionths of a limit's unit in a {@code long}.
 *
 * <p>Caps and amounts end at 10<sup>12</sup> units, so that used, held and one more amount always
 * fit: what cannot overflow here cannot overflow in PostgreSQL, where it would abort the host's
 * transaction.
 */
public final class Micros {
  private static final int SCALE = 6;
  private static final BigDecimal MOST = BigDecimal.valueOf(1_000_000_000_000L);

  private Micros() {}

  /** An amount to charge or release: more than zero. */
  public static long ofAmount(@Nullable BigDecimal units, String name) {
    BigDecimal given = Args.notNull(units, name);
    Args.check(given.signum() > 0, name + " must be more than zero, but is " + given);
    return bounded(given, name);
  }

  /** A cap: zero or more. */
  public static long ofCap(@Nullable BigDecimal units, String name) {
    BigDecimal given = Args.notNull(units, name);
    Args.check(given.signum() >= 0, name + " must not be negative, but is " + given);
    return bounded(given, name);
  }

  /** A duration in seconds, rounded up to the next millionth. */
  public static BigDecimal seconds(Duration duration, String name) {
    Duration given = Args.positive(duration, name);
    return BigDecimal.valueOf(given.getSeconds())
        .add(BigDecimal.valueOf(given.getNano(), 9))
        .setScale(SCALE, RoundingMode.CEILING);
  }

  /** In the limit's unit, without needless zeros after the point. */
  public static BigDecimal toUnits(long micros) {
    BigDecimal units = BigDecimal.valueOf(micros, SCALE).stripTrailingZeros();
    return units.scale() < 0 ? units.setScale(0) : units;
  }

  private static long bounded(BigDecimal units, String name) {
    Args.check(units.compareTo(MOST) <= 0, name + " must be at most " + MOST.toPlainString());
    Args.check(
        units.stripTrailingZeros().scale() <= SCALE,
        name + " must have at most " + SCALE + " decimal places");
    return units.movePointRight(SCALE).longValueExact();
  }
}
