package dev.plinth.core.internal.vault;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which data key to encrypt with, for each key of the ring, remembered for a minute: the time
 * within which a new epoch, or a retirement, is known on every node. A minute has passed as soon as
 * either the process's clock or its monotonic time says so; a clock set back ends it as well.
 */
final class CurrentKeys {
  /** How long another node's new epoch may go unnoticed. */
  static final Duration REMEMBERED_FOR = Duration.ofMinutes(1);

  private record Remembered(DataKey key, long nanos, long millis) {}

  private final InstantSource clock;
  private final Map<String, Remembered> byKeyId = new ConcurrentHashMap<>();

  CurrentKeys(InstantSource clock) {
    this.clock = clock;
  }

  Optional<DataKey> find(String keyId) {
    Remembered one = byKeyId.get(keyId);
    if (one == null) {
      return Optional.empty();
    }
    long passed = clock.millis() - one.millis();
    return passed >= 0
            && passed < REMEMBERED_FOR.toMillis()
            && System.nanoTime() - one.nanos() < REMEMBERED_FOR.toNanos()
        ? Optional.of(one.key())
        : Optional.empty();
  }

  /** To be taken before the read whose result is remembered. */
  Moment moment() {
    return new Moment(System.nanoTime(), clock.millis());
  }

  void remember(String keyId, DataKey key, Moment before) {
    byKeyId.put(keyId, new Remembered(key, before.nanos(), before.millis()));
  }

  void forgetAll() {
    byKeyId.clear();
  }

  /** From before a read, so that the minute counts from the state that was read. */
  record Moment(long nanos, long millis) {}
}
