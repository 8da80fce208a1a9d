package dev.plinth.core.internal.read;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether it is worth asking the replica: after a failure one caller tries again every few seconds,
 * and the others are spared the wait for a connection. Safe for use by many threads.
 */
final class Availability {
  private static final Logger log = LoggerFactory.getLogger(Availability.class);
  private static final Duration RESTS = Duration.ofSeconds(5);

  private final AtomicLong nextTry = new AtomicLong();
  private volatile boolean away;

  /** True when it answers, or when it is the caller's turn to find out. */
  boolean isWorthTrying() {
    if (!away) {
      return true;
    }
    long due = nextTry.get();
    long now = System.nanoTime();
    return now - due >= 0 && nextTry.compareAndSet(due, now + RESTS.toNanos());
  }

  boolean isAway() {
    return away;
  }

  void answered() {
    if (away && leaves(false)) {
      log.info("The read DataSource answers again: reads that allow staleness go there");
    }
  }

  void failed(Exception reason) {
    nextTry.set(System.nanoTime() + RESTS.toNanos());
    if (!away && leaves(true)) {
      log.warn(
          "The read DataSource does not answer: reads go to the primary, unless they forbid it, until"
              + " it does. See that the replica runs and that the pool for reads is large enough",
          reason);
    }
  }

  private synchronized boolean leaves(boolean to) {
    boolean changes = away != to;
    away = to;
    return changes;
  }
}
