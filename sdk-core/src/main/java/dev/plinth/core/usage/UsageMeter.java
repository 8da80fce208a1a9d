package dev.plinth.core.usage;

import dev.plinth.core.tx.Tx;
import java.math.BigDecimal;
import java.util.UUID;

/**
 * Counts what users have used. Safe for use by many threads.
 *
 * <p>The usage is a fact already, unlike that of a quota which is asked before: a meter that
 * refuses says that there must be no more of it.
 */
@FunctionalInterface
public interface UsageMeter {
  /**
   * Counts an amount in the given transaction, whose commit makes it count and whose rollback
   * undoes it. Blocks on the database.
   *
   * @param userId who used it
   * @param resource what was used, in the meter's words, such as {@code cpu_seconds}
   * @param amount how much, in the resource's unit; more than zero, with at most six decimal places
   */
  Metered charge(Tx tx, UUID userId, String resource, BigDecimal amount);
}
