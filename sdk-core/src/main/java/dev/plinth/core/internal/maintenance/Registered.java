package dev.plinth.core.internal.maintenance;

import dev.plinth.core.maintenance.Maintenance.Task;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A task of this node and when it next asks the database. At random within bounds, so that nodes
 * that started together do not ask together. Safe for use by many threads.
 */
final class Registered {
  private static final int ASKS_IN_A_PERIOD = 4;
  private static final Duration SHORTEST = Duration.ofMillis(20);
  private static final Duration LONGEST = Duration.ofSeconds(10);

  private final String name;
  private final Duration period;
  private final Task task;
  private boolean busy;
  private long nextNanos = System.nanoTime();

  Registered(String name, Duration period, Task task) {
    this.name = name;
    this.period = period;
    this.task = task;
  }

  String name() {
    return name;
  }

  Duration period() {
    return period;
  }

  Task task() {
    return task;
  }

  /** True when it is time to ask and nobody on this node does; then {@link #ended} must follow. */
  synchronized boolean begins() {
    if (busy || System.nanoTime() - nextNanos < 0) {
      return false;
    }
    busy = true;
    return true;
  }

  synchronized void ended() {
    busy = false;
    long asks = period.toNanos() / ASKS_IN_A_PERIOD;
    long wait = Math.max(SHORTEST.toNanos(), Math.min(LONGEST.toNanos(), asks));
    nextNanos = System.nanoTime() + wait / 2 + ThreadLocalRandom.current().nextLong(wait);
  }
}
