package dev.plinth.core.internal.instance;

import dev.plinth.core.internal.Threads;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Beats four times in a time to live, sooner after a failure or when asked. Safe for use by many
 * threads; beats on one.
 */
final class Pulse {
  private static final Logger log = LoggerFactory.getLogger(Pulse.class);
  private static final int BEATS = 4;
  private static final int BEATS_AFTER_FAILURE = 20;
  private static final Duration CLOSE_WAITS = Duration.ofSeconds(5);

  private final Threads threads;
  private final Duration timeToLive;
  private final BooleanSupplier beat;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean asked;
  private boolean closing;
  private boolean running;

  Pulse(Threads threads, Duration timeToLive, BooleanSupplier beat) {
    this.threads = threads;
    this.timeToLive = timeToLive;
    this.beat = beat;
  }

  void start() {
    lock.lock();
    try {
      threads.execute(this::run);
      running = true;
    } finally {
      lock.unlock();
    }
  }

  /** Asks for a beat at once. */
  void now() {
    lock.lock();
    try {
      asked = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends beating; waits for a beat under way, but not for ever on a database that hangs. */
  void close() {
    lock.lock();
    try {
      closing = true;
      changed.signalAll();
      long left = CLOSE_WAITS.toNanos();
      while (running && left > 0) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      boolean good = true;
      while (awaitNext(good)) {
        good = beats();
      }
    } finally {
      lock.lock();
      try {
        running = false;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  private boolean beats() {
    try {
      return beat.getAsBoolean();
    } catch (Throwable e) {
      log.warn("A heartbeat ended unexpectedly; the next one comes soon", e);
      return false;
    }
  }

  private boolean awaitNext(boolean good) {
    long nanos = timeToLive.dividedBy(good ? BEATS : BEATS_AFTER_FAILURE).toNanos();
    long left = nanos - ThreadLocalRandom.current().nextLong(nanos / 10 + 1);
    lock.lock();
    try {
      while (!closing && !asked && left > 0) {
        left = changed.awaitNanos(left);
      }
      asked = false;
      return !closing;
    } catch (InterruptedException e) {
      // Only Plinth's own executor ends its threads so, and only after close.
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }
}
