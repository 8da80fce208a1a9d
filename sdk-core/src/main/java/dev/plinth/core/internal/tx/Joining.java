package dev.plinth.core.internal.tx;

import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.NoTransactionException;
import dev.plinth.core.tx.TransactionAbortedException;
import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;

/** What can be refused about a host's connection without sending a statement over it. */
final class Joining {
  private Joining() {}

  static void check(Connection connection) {
    Args.notNull(connection, "connection");
    try {
      if (connection.isClosed()) {
        throw new NoTransactionException(
            "The connection is closed: hand over the one of the running transaction", null);
      }
      if (connection.getAutoCommit()) {
        throw new NoTransactionException(
            "The connection is in auto-commit mode, so each statement would commit by itself: call"
                + " setAutoCommit(false) first, or let Plinth open the transaction with"
                + " plinth.transact(…)",
            null);
      }
      if (hasFailed(connection)) {
        throw new TransactionAbortedException(
            "The transaction has already failed, so PostgreSQL would ignore every further statement:"
                + " roll it back and look for the first error in it",
            null);
      }
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }

  /** What the driver knows of the transaction's state. */
  static boolean hasFailed(Connection connection) throws SQLException {
    return connection.isWrapperFor(BaseConnection.class)
        && connection.unwrap(BaseConnection.class).getTransactionState() == TransactionState.FAILED;
  }
}
