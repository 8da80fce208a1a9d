package dev.plinth.benchmarks.jobs;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** Keeps a contestant's queue filled and counts what its workers run. Driven by one thread. */
final class Stream implements LongConsumer {
  private static final int AT_ONCE = 2_000;
  private static final long BETWEEN_LOOKS_MILLIS = 2;

  private final JobContestant contestant;
  private final long backlog;
  private final int atOnce;
  private final AtomicLong handled = new AtomicLong();
  private long enqueued;
  private long lastHandled;
  private long lastNanos = System.nanoTime();

  /** With how many jobs should wait at any time. */
  Stream(JobContestant contestant, long backlog) {
    this.contestant = contestant;
    this.backlog = backlog;
    this.atOnce = (int) (AT_ONCE * contestant.share());
  }

  @Override
  public void accept(long number) {
    handled.incrementAndGet();
  }

  void runFor(int seconds) throws Exception {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() < until) {
      if (enqueued - handled.get() < backlog) {
        contestant.enqueueAll(enqueued, enqueued + atOnce);
        enqueued += atOnce;
      } else {
        TimeUnit.MILLISECONDS.sleep(BETWEEN_LOOKS_MILLIS);
      }
    }
  }

  /** Jobs run a second since the last call. */
  double rateSinceLast() {
    long now = System.nanoTime();
    long count = handled.get();
    double rate = (count - lastHandled) / ((now - lastNanos) / 1e9);
    lastHandled = count;
    lastNanos = now;
    return rate;
  }

  long enqueued() {
    return enqueued;
  }

  long handled() {
    return handled.get();
  }
}
