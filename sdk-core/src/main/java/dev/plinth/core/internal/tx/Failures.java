package dev.plinth.core.internal.tx;

import dev.plinth.core.PlinthException;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.ConnectionUnavailableException;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.OutcomeUnknownException;
import dev.plinth.core.tx.ReadOnlyTransactionException;
import dev.plinth.core.tx.TransactionAbortedException;
import java.io.IOException;
import java.sql.BatchUpdateException;
import java.sql.SQLException;

/** Turns what the driver throws into exceptions that say what to do next. */
public final class Failures {
  private Failures() {}

  /** The exception to throw for a failed statement. */
  public static PlinthException translate(Throwable failure) {
    if (failure instanceof PlinthException known) {
      return known;
    }
    SQLException found = SqlStates.find(failure).orElse(null);
    return found == null
        ? new DatabaseException("The driver reported: " + failure.getMessage(), null, failure)
        : translate(withoutRows(ofStatement(found)));
  }

  private static PlinthException translate(SQLException failure) {
    String state = failure.getSQLState();
    String message = failure.getMessage();
    if (SqlStates.ABORTED.equals(state)) {
      return new TransactionAbortedException(
          "The transaction had already failed, so PostgreSQL ignores further statements: roll it back"
              + " and look for the first error in it",
          failure);
    }
    if (SqlStates.READ_ONLY.equals(state)) {
      return new ReadOnlyTransactionException(
          "PostgreSQL refused to write in a read-only transaction: begin it READ WRITE, and check that"
              + " the DataSource does not lead to a standby",
          failure);
    }
    if (SqlStates.UNDEFINED_TABLE.equals(state)) {
      return new DatabaseException(
          "A table is missing (" + message + "): run plinth.migrations().migrate() first",
          state,
          failure);
    }
    return new DatabaseException("PostgreSQL reported " + state + ": " + message, state, failure);
  }

  /** The exception to throw when no connection could be had. */
  static ConnectionUnavailableException noConnection(SQLException failure) {
    return new ConnectionUnavailableException(
        "No connection could be had from the DataSource ("
            + firstLine(failure)
            + "). If the pool is exhausted: a standalone call inside another transaction needs a second"
            + " connection; use in(tx), or a pool of at least two",
        failure);
  }

  /** The exception to throw when a connection was lost over what commits. */
  static OutcomeUnknownException outcomeUnknown(Throwable failure) {
    return new OutcomeUnknownException(
        "The connection was lost during the commit, or the commit was interrupted: the work may or"
            + " may not be durable. Look for its effect, by the ids it used, before repeating it",
        failure);
  }

  /** What went wrong; a failed batch only quotes its statement, parameters and all, around it. */
  private static SQLException ofStatement(SQLException failure) {
    return failure instanceof BatchUpdateException && failure.getCause() instanceof SQLException one
        ? one
        : failure;
  }

  /**
   * The driver's exception as far as it may be logged: its further lines quote rows, and whoever
   * logs ours logs its causes.
   */
  private static SQLException withoutRows(SQLException failure) {
    SQLException clean =
        new SQLException(firstLine(failure), failure.getSQLState(), failure.getErrorCode());
    clean.setStackTrace(failure.getStackTrace());
    if (failure.getCause() instanceof IOException network) {
      clean.initCause(network);
    }
    return clean;
  }

  /** The message without DETAIL and WHERE lines, which may quote rows. */
  private static String firstLine(SQLException failure) {
    String message = String.valueOf(failure.getMessage());
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }
}
