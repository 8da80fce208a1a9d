package dev.plinth.core.internal.identity;

import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;

/**
 * Refuses work that waits for others and must then see what they committed, in a transaction whose
 * statements all see the state at the first one.
 */
final class EachStatementSeesTheLatest {
  /** PostgreSQL treats the weaker of the two as the other. */
  private static final String IS_READ_COMMITTED =
      """
      SELECT pg_catalog.current_setting('transaction_isolation')
        IN ('read committed', 'read uncommitted')
      """;

  private EachStatementSeesTheLatest() {}

  static void require(Tx tx) {
    boolean fit =
        Sql.first(tx.connection(), IS_READ_COMMITTED, row -> row.getBoolean(1)).orElseThrow();
    if (!fit) {
      throw new IllegalStateException(
          "Users are merged and erased in a transaction with the isolation READ COMMITTED, and this"
              + " one is stricter: what others wrote since it began would be left behind. Call this"
              + " outside the transaction, or begin one with TxOptions.Isolation.READ_COMMITTED");
    }
  }
}
