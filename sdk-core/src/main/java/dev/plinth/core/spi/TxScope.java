package dev.plinth.core.spi;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import org.jspecify.annotations.Nullable;

/**
 * The two forms in which every module works: standalone, or in a transaction somebody handed over.
 * Lets a repository be written once: <code>scope.returning(tx -&gt; …)</code>.
 */
public interface TxScope {
  /** Works in this scope's transaction. */
  <T extends @Nullable Object> T returning(TxFunction<T, RuntimeException> work);

  /**
   * The thread's current transaction where there is one, else a short one of its own for each call.
   */
  static TxScope standalone(Plinth plinth) {
    Args.notNull(plinth, "plinth");
    return new TxScope() {
      @Override
      public <T extends @Nullable Object> T returning(TxFunction<T, RuntimeException> work) {
        return plinth.transactReturning(work);
      }
    };
  }

  /** Always the given transaction. */
  static TxScope of(Tx tx) {
    Args.notNull(tx, "tx");
    return new TxScope() {
      @Override
      public <T extends @Nullable Object> T returning(TxFunction<T, RuntimeException> work) {
        return work.apply(tx);
      }
    };
  }
}
