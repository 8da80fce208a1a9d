package dev.plinth.core.internal.maintenance;

import dev.plinth.core.internal.Threads;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls on one thread, many times a second, until closed. */
final class Ticker {
  private static final Logger log = LoggerFactory.getLogger(Ticker.class);
  private static final Duration TICK = Duration.ofMillis(50);
  private static final Duration CLOSES_WITHIN = Duration.ofSeconds(5);

  private final Threads threads;
  private final Runnable tick;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean started;

  Ticker(Threads threads, Runnable tick) {
    this.threads = threads;
    this.tick = tick;
  }

  void start() {
    threads.execute(this::run);
    started = true;
  }

  /** Ends ticking, has what runs interrupted, and waits until it is over, though not for ever. */
  void close(Runnable interrupt, BooleanSupplier over) {
    closing.countDown();
    long end = System.nanoTime() + CLOSES_WITHIN.toNanos();
    try {
      if (started && !ended.await(CLOSES_WITHIN.toNanos(), TimeUnit.NANOSECONDS)) {
        log.warn("Maintenance does not end");
      }
      interrupt.run();
      while (!over.getAsBoolean() && System.nanoTime() - end < 0) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!closing.await(TICK.toNanos(), TimeUnit.NANOSECONDS)) {
        tick.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ended.countDown();
    }
  }
}
