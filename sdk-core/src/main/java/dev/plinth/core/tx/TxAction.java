package dev.plinth.core.tx;

/**
 * Work done in a transaction that returns nothing.
 *
 * @param <X> what the work may throw; whatever it throws rolls the transaction back
 */
@FunctionalInterface
public interface TxAction<X extends Exception> {
  /**
   * Does the work. May run more than once: a transaction that Plinth opened is repeated after a
   * serialization failure or a deadlock.
   */
  void run(Tx tx) throws X;
}
