package dev.plinth.core.internal.identity;

import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.Tx;
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
      return tx.inSavepointReturning(any -> statement.get());
    } catch (DatabaseException e) {
      throw refused.apply(e);
    }
  }
}
