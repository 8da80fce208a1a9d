package dev.plinth.core.tx;

import org.jspecify.annotations.Nullable;

/**
 * Work done in a transaction that returns a value.
 *
 * @param <T> the result, which may be null
 * @param <X> what the work may throw; whatever it throws rolls the transaction back
 */
@FunctionalInterface
public interface TxFunction<T extends @Nullable Object, X extends Exception> {
  /**
   * Does the work. May run more than once: a transaction that Plinth opened is repeated after a
   * serialization failure or a deadlock.
   */
  T apply(Tx tx) throws X;
}
