package dev.plinth.core.internal;

import dev.plinth.core.spi.SqlStates;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Repeats DDL that did not get its lock within {@code lock_timeout}. Between two tries whoever
 * queued behind it runs, so a writer never waits longer than that timeout.
 */
public final class LockPatience {
  /** What {@code lock_timeout} is to be while DDL runs that writers might queue behind. */
  public static final String LOCK_TIMEOUT = "50ms";

  private static final Duration PAUSE = Duration.ofMillis(100);

  private final Duration patience;

  /** Gives up after the given time. */
  public LockPatience(Duration patience) {
    this.patience = patience;
  }

  /** The last failure is thrown when the patience ends. */
  public <T> T untilLocked(Supplier<T> work) {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        return work.get();
      } catch (RuntimeException e) {
        boolean lock = SqlStates.of(e).filter(SqlStates.LOCK_NOT_AVAILABLE::equals).isPresent();
        if (!lock || System.nanoTime() - end >= 0 || Thread.currentThread().isInterrupted()) {
          throw e;
        }
      }
      LockSupport.parkNanos(
          PAUSE.toNanos() / 2 + ThreadLocalRandom.current().nextLong(PAUSE.toNanos()));
    }
  }
}
