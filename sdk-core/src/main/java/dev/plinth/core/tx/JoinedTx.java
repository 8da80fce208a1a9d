package dev.plinth.core.tx;

/**
 * A transaction that the host opened and will end. Plinth works in it and leaves it alone.
 *
 * <p>Calling {@link #committed()} after the commit is optional: it delivers after-commit events and
 * wakes workers at once, which otherwise notice by polling.
 */
public interface JoinedTx extends Tx {
  /**
   * Tells Plinth that the host has committed. Runs what {@link Tx#afterCommit} collected, once;
   * later calls do nothing.
   */
  void committed();

  /**
   * Tells Plinth that the host has rolled back: what {@link Tx#afterCommit} collected is forgotten.
   */
  void rolledBack();
}
