package dev.plinth.core.internal.change;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * When the database was asked. Two clocks judge how long ago that is, and the one that says more
 * wins: the monotonic one, which cannot be set but may stand still while the machine sleeps, and
 * wall time, which goes on then. Immutable.
 */
record Asked(long nanos, Instant at) {
  static Asked now(InstantSource clock) {
    return new Asked(System.nanoTime(), clock.instant());
  }

  boolean isWithin(Duration age, InstantSource clock) {
    return System.nanoTime() - nanos < age.toNanos() && at.plus(age).isAfter(clock.instant());
  }
}
