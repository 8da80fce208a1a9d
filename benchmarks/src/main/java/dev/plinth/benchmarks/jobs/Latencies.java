package dev.plinth.benchmarks.jobs;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** A handler that notes how long after its job's number, a time, it began. Safe for threads. */
final class Latencies implements LongConsumer {
  private static final long PATIENCE_MINUTES = 2;
  private static final int DIGITS = 3;

  private final Histogram nanos = new ConcurrentHistogram(DIGITS);
  private final CountDownLatch left;
  private volatile long firstSent;
  private volatile long lastSent;

  Latencies(int jobs) {
    this.left = new CountDownLatch(jobs);
  }

  /** The machine's clock in microseconds. */
  static long nowMicros() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
  }

  @Override
  public void accept(long sentMicros) {
    long now = nowMicros();
    if (sentMicros > 0) {
      nanos.recordValue(Math.max(0, now - sentMicros) * 1_000);
      note(sentMicros);
    }
    left.countDown();
  }

  private synchronized void note(long sentMicros) {
    firstSent = firstSent == 0 ? sentMicros : Math.min(firstSent, sentMicros);
    lastSent = Math.max(lastSent, sentMicros);
  }

  void await() throws InterruptedException {
    if (!left.await(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
      throw new IllegalStateException(left.getCount() + " jobs have not run");
    }
  }

  /**
   * Checks that so many jobs were measured.
   *
   * @throws IllegalStateException when one ran twice or not at all
   */
  void checkMeasured(long expected) {
    if (nanos.getTotalCount() != expected) {
      throw new IllegalStateException(
          nanos.getTotalCount() + " jobs ran, but should be " + expected);
    }
  }

  Histogram histogram() {
    return nanos;
  }

  /** From the sending of the first to that of the last and one interval more. */
  double seconds() {
    return (lastSent - firstSent) / 1e6 + 1.0 / PickupProducer.PER_SECOND;
  }
}
