package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;

/**
 * Lets PostgreSQL end a short transaction whose process has stopped answering in the middle of it:
 * one that is frozen, or whose host lost its power and never closed the connection. What it had
 * locked could otherwise not be taken by anybody until TCP gives up, which can take hours. Where
 * the session has such a limit already, that one stays.
 */
final class IdleLimit {
  /** An expression that sets it for the transaction; to be evaluated once, in a scalar subquery. */
  static final String SET =
      """
      (SELECT CASE pg_catalog.current_setting('idle_in_transaction_session_timeout')
         WHEN '0' THEN pg_catalog.set_config('idle_in_transaction_session_timeout', '30s', true)
       END)""";

  private IdleLimit() {}

  /** Sets it, in a statement of its own. */
  static void set(Tx tx) {
    Sql.query(tx.connection(), "SELECT " + SET, row -> row.getString(1));
  }
}
