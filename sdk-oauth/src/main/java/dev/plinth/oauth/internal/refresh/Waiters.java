package dev.plinth.oauth.internal.refresh;

import dev.plinth.oauth.internal.TokenKey;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Those who wait for another process to finish a refresh. A notification ends the wait early; it
 * may be lost, so the wait is short anyway. Safe for use by many threads.
 */
final class Waiters {
  private static final long FIRST_MILLIS = 20;
  private static final long LAST_MILLIS = 400;

  private final ConcurrentMap<TokenKey, Set<Semaphore>> waiting = new ConcurrentHashMap<>();

  /** Waits for a hint or for a jittered while that grows with each round. */
  void await(TokenKey key, int round, Duration atMost) throws InterruptedException {
    long bound = Math.min(LAST_MILLIS, FIRST_MILLIS << Math.min(round, 10));
    long millis = bound / 2 + ThreadLocalRandom.current().nextLong(bound / 2 + 1);
    Semaphore hint = new Semaphore(0);
    Set<Semaphore> together =
        waiting.compute(
            key,
            (k, present) -> {
              Set<Semaphore> set = present == null ? ConcurrentHashMap.newKeySet() : present;
              set.add(hint);
              return set;
            });
    try {
      boolean hinted =
          hint.tryAcquire(Math.max(1, Math.min(millis, atMost.toMillis())), TimeUnit.MILLISECONDS);
      if (hinted) {
        return;
      }
    } finally {
      waiting.computeIfPresent(
          key,
          (k, present) -> {
            together.remove(hint);
            return present.isEmpty() ? null : present;
          });
    }
  }

  /** Ends the waits for one token. */
  void wake(TokenKey key) {
    Set<Semaphore> hints = waiting.get(key);
    if (hints != null) {
      hints.forEach(Semaphore::release);
    }
  }
}
