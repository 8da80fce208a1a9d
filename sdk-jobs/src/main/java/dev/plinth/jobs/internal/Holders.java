package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Explanation.Holder;
import java.sql.Connection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a row. PostgreSQL notes row locks in the row itself, as the number of the transaction;
 * while that is open, it holds a lock on its own number, which tells its session. A row that
 * several transactions share carries another sort of number, and then nobody is found.
 */
final class Holders {
  private static final String HOLDER =
      """
      SELECT k.pid, a.application_name, a.state, a.xact_start
      FROM pg_catalog.pg_locks k
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = k.pid
      WHERE k.locktype = 'transactionid'
        AND k.mode = 'ExclusiveLock'
        AND k.granted
        AND k.transactionid = ?::text::xid
        AND k.pid <> pg_catalog.pg_backend_pid()
      """;

  private Holders() {}

  /** The session whose open transaction has this number, as in a row's {@code xmax}. */
  static Optional<Holder> of(Connection connection, @Nullable String xmax) {
    return xmax == null || xmax.equals("0")
        ? Optional.empty()
        : Sql.first(
            connection,
            HOLDER,
            row ->
                new Holder(
                    row.getInt("pid"),
                    orEmpty(row.getString("application_name")),
                    orEmpty(row.getString("state")),
                    Sql.instant(row, "xact_start")),
            xmax);
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
