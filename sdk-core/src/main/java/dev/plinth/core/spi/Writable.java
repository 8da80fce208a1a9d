package dev.plinth.core.spi;

import dev.plinth.core.tx.ReadOnlyTransactionException;
import dev.plinth.core.tx.Tx;
import java.sql.SQLException;

/** Refuses a write before PostgreSQL would, which would abort the host's transaction. */
public final class Writable {
  private Writable() {}

  /**
   * The transaction, unless its connection is set read-only. Sends no statement, so a transaction
   * made read-only by SQL alone is found only by PostgreSQL.
   *
   * @throws ReadOnlyTransactionException when the connection is read-only
   */
  public static Tx require(Tx tx) {
    Args.notNull(tx, "tx");
    try {
      if (tx.connection().isReadOnly()) {
        throw new ReadOnlyTransactionException(
            "The connection is read-only, and this call writes: call setReadOnly(false) before the"
                + " transaction begins, or leave out @Transactional(readOnly = true)",
            null);
      }
      return tx;
    } catch (SQLException e) {
      throw new ReadOnlyTransactionException(
          "The connection does not tell whether it is read-only", e);
    }
  }
}
