package dev.plinth.core.internal.identity;

import dev.plinth.core.internal.tx.Failures;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.Tx;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.function.Function;
import java.util.function.Supplier;

/** A statement behind a savepoint, for what only PostgreSQL can refuse. */
final class Guarded {
  private Guarded() {}

  /**
   * Runs the statement. When PostgreSQL refuses it, takes the transaction back to where it was and
   * throws what the given function makes of the refusal.
   */
  static <T> T run(
      Tx tx, Supplier<T> statement, Function<DatabaseException, RuntimeException> refused) {
    try {
      Savepoint savepoint = tx.connection().setSavepoint();
      T result;
      try {
        result = statement.get();
      } catch (DatabaseException e) {
        tx.connection().rollback(savepoint);
        tx.connection().releaseSavepoint(savepoint);
        throw refused.apply(e);
      }
      tx.connection().releaseSavepoint(savepoint);
      return result;
    } catch (SQLException e) {
      throw Failures.translate(e);
    }
  }
}
