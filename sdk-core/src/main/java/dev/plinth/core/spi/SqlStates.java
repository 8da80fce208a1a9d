package dev.plinth.core.spi;

import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The SQLStates that Plinth tells apart, and the search for one through a chain of causes: hosts,
 * frameworks and jOOQ all wrap the driver's exception.
 */
public final class SqlStates {
  /** A unique constraint would be violated. */
  public static final String UNIQUE_VIOLATION = "23505";

  /** A foreign key would be violated. */
  public static final String FOREIGN_KEY_VIOLATION = "23503";

  /** A CHECK would be violated. */
  public static final String CHECK_VIOLATION = "23514";

  /** A write in a read-only transaction. */
  public static final String READ_ONLY = "25006";

  /** A statement in a transaction that has already failed. */
  public static final String ABORTED = "25P02";

  /** The transaction lost against a concurrent one and should be repeated. */
  public static final String SERIALIZATION_FAILURE = "40001";

  /** The transaction was chosen to end a deadlock and should be repeated. */
  public static final String DEADLOCK = "40P01";

  /** A lock was not to be had within {@code lock_timeout}, or with NOWAIT. */
  public static final String LOCK_NOT_AVAILABLE = "55P03";

  /** A table does not exist: most often migrations have not run. */
  public static final String UNDEFINED_TABLE = "42P01";

  /** There is no connection, or no longer. */
  public static final String NO_CONNECTION = "08003";

  private static final int MAX_DEPTH = 50;

  private SqlStates() {}

  /** The first SQLState found in the exception or its causes. */
  public static Optional<String> of(@Nullable Throwable failure) {
    return find(failure).map(SQLException::getSQLState);
  }

  /** The first {@code SQLException} with a state found in the exception or its causes. */
  public static Optional<SQLException> find(@Nullable Throwable failure) {
    Throwable at = failure;
    for (int depth = 0; at != null && depth < MAX_DEPTH; depth++, at = at.getCause()) {
      if (at instanceof SQLException sql && sql.getSQLState() != null) {
        return Optional.of(sql);
      }
    }
    return Optional.empty();
  }

  /** True when repeating the whole transaction is the right answer. */
  public static boolean isRetryable(@Nullable Throwable failure) {
    return of(failure)
        .filter(state -> state.equals(SERIALIZATION_FAILURE) || state.equals(DEADLOCK))
        .isPresent();
  }

  /**
   * True when the connection is gone: class 08, or the server is shutting down or killed the
   * session.
   */
  public static boolean isConnectionLoss(@Nullable Throwable failure) {
    return of(failure)
        .filter(
            state ->
                state.startsWith("08")
                    || state.equals("57P01")
                    || state.equals("57P02")
                    || state.equals("57P03"))
        .isPresent();
  }
}
