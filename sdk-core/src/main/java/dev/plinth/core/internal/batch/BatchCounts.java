package dev.plinth.core.internal.batch;

import java.util.concurrent.atomic.LongAdder;

/** Counts the batches of all group commits of one Plinth. Safe for use by many threads. */
public final class BatchCounts {
  private final LongAdder batches = new LongAdder();
  private final LongAdder items = new LongAdder();

  void batch(int size) {
    batches.increment();
    items.add(size);
  }

  /** Batches so far. */
  public long batchesSoFar() {
    return batches.sum();
  }

  /** Items in them. */
  public long itemsSoFar() {
    return items.sum();
  }
}
