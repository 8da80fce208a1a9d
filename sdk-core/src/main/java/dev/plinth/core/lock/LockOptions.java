package dev.plinth.core.lock;

import dev.plinth.core.spi.Args;
import java.time.Duration;

/**
 * How a lock is held. Immutable; start from {@link #defaults()}.
 *
 * @param lease how long it is held unless renewed, by the database's clock; at most 366 days
 * @param boundToInstance whether it also ends when this Plinth instance is dead: sooner than by
 *     time, when the process was killed
 */
public record LockOptions(Duration lease, boolean boundToInstance) {
  private static final Duration LONGEST = Duration.ofDays(366);
  private static final LockOptions DEFAULTS = new LockOptions(Duration.ofMinutes(5), false);

  /** Checks the arguments. */
  public LockOptions {
    checkLease(lease);
  }

  /** Five minutes, whatever becomes of the process. */
  public static LockOptions defaults() {
    return DEFAULTS;
  }

  /** The same for another time. */
  public LockOptions withLease(Duration lease) {
    return new LockOptions(lease, boundToInstance);
  }

  /** The same, ending together with this Plinth instance if that is sooner. */
  public LockOptions withInstance() {
    return new LockOptions(lease, true);
  }

  static Duration checkLease(Duration lease) {
    Args.positive(lease, "lease");
    Args.check(lease.compareTo(LONGEST) <= 0, "lease must be at most 366 days, but is " + lease);
    return lease;
  }
}
