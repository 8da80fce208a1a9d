package dev.plinth.core.internal.batch;

import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/**
 * How long a leader waits for others before it commits. Callers that call again and again would
 * otherwise fall into two halves, each waiting for the commit of the other; a short wait lets both
 * share one. It ends as soon as as many have come as took part lately, and is bounded by a share of
 * what a commit takes, so that it costs little where nobody comes.
 */
final class Gathering {
  private static final int SHARE = 4;
  private static final long MOST_NANOS = 500_000;
  private static final long STEP_NANOS = 20_000;

  private final int maxBatch;
  private volatile int expected;
  private volatile long patienceNanos;

  Gathering(int maxBatch) {
    this.maxBatch = maxBatch;
  }

  /** A batch was written; so many took part in it or waited for the next. */
  void written(int callers, long nanos) {
    expected = Math.min(callers, maxBatch);
    patienceNanos = Math.min(nanos / SHARE, MOST_NANOS);
  }

  /** Waits until as many are there as are expected, or patience ends. */
  void await(IntSupplier present) {
    int awaited = expected;
    long deadline = System.nanoTime() + patienceNanos;
    while (present.getAsInt() < awaited && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(this, STEP_NANOS);
    }
  }
}
