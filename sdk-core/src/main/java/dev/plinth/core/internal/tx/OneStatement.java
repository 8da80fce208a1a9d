package dev.plinth.core.internal.tx;

import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Work that is one statement and so needs no transaction around it: on a connection in auto-commit
 * it costs one round trip, where BEGIN and COMMIT would make it two. Safe for use by many threads.
 */
public final class OneStatement {
  private final Transactions transactions;

  /** Takes connections where the transactions do. */
  public OneStatement(Transactions transactions) {
    this.transactions = transactions;
  }

  /**
   * Works on a connection of its own, whatever the calling thread is in, in the auto-commit mode
   * that the connection comes in. A pool whose connections come with auto-commit off pays for the
   * end of the transaction that its driver begins, and row-level security for one in which the rows
   * of every tenant are seen.
   */
  public <T extends @Nullable Object> T alone(TxFunction<T, RuntimeException> work) {
    Args.notNull(work, "work");
    if (transactions.isRowLevelSecurity()) {
      // What says whose rows it may see holds for a transaction only.
      return transactions.inNew(TxOptions.defaults().withAllTenants(), work);
    }
    Connection connection = transactions.open();
    try {
      Tx tx = new OwnTx(connection, TxOptions.defaults());
      return isAutoCommit(connection) ? work.apply(tx) : ended(connection, tx, work);
    } finally {
      Transactions.close(connection);
    }
  }

  /**
   * Does what a transaction of Plinth's own does: repeats the work after a deadlock or a failure to
   * serialize, and calls back after it. Where connections come with auto-commit off, where an
   * isolation is asked for and under row-level security it is such a transaction.
   *
   * @throws dev.plinth.core.tx.OutcomeUnknownException when the connection was lost meanwhile
   */
  public <T extends @Nullable Object> T asTransaction(
      TxOptions options, TxFunction<T, RuntimeException> work) {
    Args.notNull(options, "options");
    Args.notNull(work, "work");
    if (transactions.isRowLevelSecurity() || options.isolation() != TxOptions.Isolation.DEFAULT) {
      return transactions.inNew(options, work);
    }
    return transactions.repeated(options, () -> once(options, work));
  }

  private <T extends @Nullable Object> T once(
      TxOptions options, TxFunction<T, RuntimeException> work) {
    Connection connection = transactions.open();
    boolean autoCommit;
    try {
      autoCommit = isAutoCommit(connection);
    } catch (RuntimeException e) {
      Transactions.close(connection);
      throw e;
    }
    if (!autoCommit) {
      return transactions.once(connection, options, Kind.ORDINARY, work);
    }
    OwnTx tx = OwnTx.ofOneStatement(connection, options);
    T result;
    try {
      result = transactions.bound(tx, work);
      transactions.counts().committed();
    } catch (RuntimeException e) {
      RuntimeException told = SqlStates.isConnectionLoss(e) ? Failures.outcomeUnknown(e) : e;
      transactions.counts().failed(told);
      throw told;
    } finally {
      Transactions.close(connection);
    }
    tx.callbacks().run();
    return result;
  }

  private static <T extends @Nullable Object> T ended(
      Connection connection, Tx tx, TxFunction<T, RuntimeException> work) {
    try {
      T result = work.apply(tx);
      Transactions.commit(connection, Kind.ORDINARY);
      return result;
    } catch (Throwable e) {
      Transactions.rollback(connection, e);
      throw e;
    }
  }

  private static boolean isAutoCommit(Connection connection) {
    try {
      return connection.getAutoCommit();
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }
}
