package dev.plinth.core.internal.password;

import dev.plinth.core.password.PasswordOptions;
import dev.plinth.core.password.PasswordsBusyException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Bounds how many hashes are computed at a time. Waiters have their turn in order. */
final class Turns {
  private final Semaphore turns;
  private final PasswordOptions options;

  Turns(PasswordOptions options) {
    this.turns = new Semaphore(options.maxConcurrent(), true);
    this.options = options;
  }

  <T> T take(Supplier<T> work) {
    await();
    try {
      return work.get();
    } finally {
      turns.release();
    }
  }

  private void await() {
    try {
      if (!turns.tryAcquire(options.maxWait().toNanos(), TimeUnit.NANOSECONDS)) {
        throw new PasswordsBusyException(
            "No turn to hash a password within "
                + options.maxWait()
                + ": ask the caller to try again, limit log-ins, or raise"
                + " PasswordOptions.withConcurrency",
            null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PasswordsBusyException("Interrupted while waiting to hash a password", e);
    }
  }
}
