package dev.plinth.core.internal.tx;

import dev.plinth.core.tx.OutcomeUnknownException;
import java.util.concurrent.atomic.LongAdder;

/** Counts the transactions that Plinth opened, from its beginning. Safe for use by many threads. */
public final class TxCounts {
  private final LongAdder committed = new LongAdder();
  private final LongAdder rolledBack = new LongAdder();
  private final LongAdder unknown = new LongAdder();
  private final LongAdder repeated = new LongAdder();

  void committed() {
    committed.increment();
  }

  void failed(Throwable reason) {
    (reason instanceof OutcomeUnknownException ? unknown : rolledBack).increment();
  }

  void repeated() {
    repeated.increment();
  }

  /** Those that committed. */
  public long committedSoFar() {
    return committed.sum();
  }

  /** Those that did not, the repeated ones included. */
  public long rolledBackSoFar() {
    return rolledBack.sum();
  }

  /** Those whose connection was lost during the commit. */
  public long unknownSoFar() {
    return unknown.sum();
  }

  /** Those that were begun again after a serialization failure or a deadlock. */
  public long repeatedSoFar() {
    return repeated.sum();
  }
}
