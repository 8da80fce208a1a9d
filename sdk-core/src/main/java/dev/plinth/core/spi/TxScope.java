package dev.plinth.core.spi;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
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

  /**
   * As {@link #standalone(Plinth)}, opening its own transactions as told; one that is there already
   * is taken as it is.
   */
  static TxScope standalone(Plinth plinth, TxOptions options) {
    Args.notNull(plinth, "plinth");
    Args.notNull(options, "options");
    return new TxScope() {
      @Override
      public <T extends @Nullable Object> T returning(TxFunction<T, RuntimeException> work) {
        return plinth.transactReturning(options, work);
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
