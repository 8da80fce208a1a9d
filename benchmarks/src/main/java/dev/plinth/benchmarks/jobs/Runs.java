package dev.plinth.benchmarks.jobs;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** A handler that does nothing but note that each of the jobs 0 to n-1 ran. Safe for threads. */
final class Runs implements LongConsumer {
  private static final long PATIENCE_MINUTES = 10;

  private final AtomicIntegerArray counts;
  private final CountDownLatch left;
  private final AtomicLong firstNanos = new AtomicLong();

  Runs(int jobs) {
    this.counts = new AtomicIntegerArray(jobs);
    this.left = new CountDownLatch(jobs);
  }

  @Override
  public void accept(long number) {
    if (firstNanos.get() == 0) {
      firstNanos.compareAndSet(0, System.nanoTime());
    }
    if (counts.incrementAndGet((int) number) == 1) {
      left.countDown();
    }
  }

  /** Waits until each has run at least once. */
  void await() throws InterruptedException {
    if (!left.await(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
      throw new IllegalStateException(left.getCount() + " jobs have not run");
    }
  }

  /** When the first one began, by {@link System#nanoTime()}. */
  long firstNanos() {
    return firstNanos.get();
  }

  /**
   * Checks that none ran twice: nothing failed, so nothing was to be repeated.
   *
   * @throws IllegalStateException when one did
   */
  void checkOnce() {
    for (int number = 0; number < counts.length(); number++) {
      if (counts.get(number) != 1) {
        throw new IllegalStateException("Job " + number + " ran " + counts.get(number) + " times");
      }
    }
  }
}
