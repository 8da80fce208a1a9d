package dev.plinth.core.internal.read;

import java.util.concurrent.atomic.LongAdder;

/** Counts where reads went, since the beginning. Safe for use by many threads. */
public final class ReadCounts {
  private final LongAdder onReplica = new LongAdder();
  private final LongAdder behind = new LongAdder();
  private final LongAdder away = new LongAdder();
  private final LongAdder brokenOff = new LongAdder();

  void onReplica() {
    onReplica.increment();
  }

  void behind() {
    behind.increment();
  }

  void away() {
    away.increment();
  }

  void brokenOff() {
    brokenOff.increment();
  }

  /** Begun on the replica. */
  public long onReplicaSoFar() {
    return onReplica.sum();
  }

  /** Not done there, since it was behind or could not be judged. */
  public long behindSoFar() {
    return behind.sum();
  }

  /** Not done there, since it did not answer. */
  public long awaySoFar() {
    return away.sum();
  }

  /** Begun there and repeated on the primary, since the replica broke them off. */
  public long brokenOffSoFar() {
    return brokenOff.sum();
  }
}
