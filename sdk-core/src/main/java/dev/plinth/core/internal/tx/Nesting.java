package dev.plinth.core.internal.tx;

import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.TransactionAbortedException;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A transaction of which a part can be taken back, and what that part wants called after the commit
 * with it. Used by one thread.
 */
abstract class Nesting implements Tx {
  private final Connection connection;

  /** Of the part behind the innermost savepoint; null outside of any. */
  private @Nullable List<Runnable> unreleased;

  Nesting(Connection connection) {
    this.connection = connection;
  }

  /** Keeps a callback that nothing but the end of the whole transaction can void any more. */
  abstract void keep(Runnable callback);

  @Override
  public final Connection connection() {
    return connection;
  }

  @Override
  public final void afterCommit(Runnable callback) {
    Args.notNull(callback, "callback");
    if (unreleased == null) {
      keep(callback);
    } else {
      unreleased.add(callback);
    }
  }

  @Override
  public final <T extends @Nullable Object, X extends Exception> T inSavepointReturning(
      TxFunction<T, X> work) throws X {
    Args.notNull(work, "work");
    Joining.check(connection);
    Savepoint savepoint = set();
    List<Runnable> outer = unreleased;
    List<Runnable> inner = new ArrayList<>();
    unreleased = inner;
    T result;
    try {
      result = work.apply(this);
      release(savepoint);
    } catch (Throwable e) {
      takeBack(savepoint, e);
      throw e;
    } finally {
      unreleased = outer;
    }
    inner.forEach(this::afterCommit);
    return result;
  }

  private Savepoint set() {
    try {
      return connection.setSavepoint();
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  private void release(Savepoint savepoint) {
    try {
      if (Joining.hasFailed(connection)) {
        throw new TransactionAbortedException(
            "A statement behind the savepoint failed, and the work went on as if it had not: all of"
                + " that work is taken back. Let the exception pass",
            null);
      }
      connection.releaseSavepoint(savepoint);
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  private void takeBack(Savepoint savepoint, Throwable reason) {
    try {
      connection.rollback(savepoint);
      connection.releaseSavepoint(savepoint);
    } catch (SQLException e) {
      reason.addSuppressed(Failures.translate(e));
    }
  }
}
