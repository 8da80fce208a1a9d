package dev.plinth.core.internal.instance;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;

/**
 * One incarnation and how long this process may trust it. Two clocks judge, and the one that says
 * less wins: the monotonic one, which cannot be set but may stand still while the machine sleeps,
 * and wall time, which goes on then. Immutable.
 *
 * @param id the row's id
 * @param sentNanos the monotonic clock before its last good heartbeat was sent: the database
 *     counted from a later moment, so it never declares it dead earlier than this process does
 * @param sentAt wall time at that moment
 * @param trusted how long after that moment this process acts under it
 */
record Incarnation(UUID id, long sentNanos, Instant sentAt, Duration trusted) {
  /** Of the time to live, this part is given up to clocks that run at different speeds. */
  private static final int DRIFT_PARTS = 20;

  /** Notes both clocks; call before the heartbeat is sent. */
  static Incarnation sending(UUID id, InstantSource clock, Duration timeToLive) {
    return new Incarnation(
        id,
        System.nanoTime(),
        clock.instant(),
        timeToLive.minus(timeToLive.dividedBy(DRIFT_PARTS)));
  }

  boolean isTrusted(InstantSource clock) {
    return isTrustedMonotonically() && sentAt.plus(trusted).isAfter(clock.instant());
  }

  /** By the monotonic clock alone: when only wall time objects, a heartbeat settles it. */
  boolean isTrustedMonotonically() {
    return System.nanoTime() - sentNanos < trusted.toNanos();
  }
}
