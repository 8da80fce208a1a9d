package dev.plinth.core.internal.diagnostics;

import dev.plinth.core.diagnostics.Diagnostics;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** Who is connected, for how long, and who waits for whom. */
final class Sessions {
  /** Of other roles' sessions an ordinary role sees that they are there, and not their state. */
  private static final String CONNECTIONS =
      """
      SELECT count(*) FILTER (WHERE a.datname = current_database() AND a.state = 'active') AS active,
             count(*) FILTER (WHERE a.datname = current_database() AND a.state = 'idle') AS idle,
             count(*) FILTER (
               WHERE a.datname = current_database() AND a.state LIKE 'idle in transaction%') AS open,
             count(*) FILTER (
               WHERE a.datname = current_database() AND a.state IS NULL) AS unknown,
             count(*) AS on_server,
             current_setting('max_connections')::integer AS max
      FROM pg_catalog.pg_stat_activity a
      WHERE a.datname IS NOT NULL
        AND coalesce(a.backend_type, 'client backend') = 'client backend'
      """;

  private static final String TRANSACTIONS =
      """
      SELECT a.pid, a.usename, a.application_name, a.state,
             extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS age
      FROM pg_catalog.pg_stat_activity a
      WHERE a.datname = current_database()
        AND a.xact_start IS NOT NULL
        AND a.pid <> pg_catalog.pg_backend_pid()
        AND a.backend_type = 'client backend'
      ORDER BY a.xact_start
      LIMIT 10
      """;

  /** Locks are everybody's to see. */
  private static final String LOCK_WAITS =
      """
      SELECT l.pid, l.mode, c.relname AS table_name,
             pg_catalog.pg_blocking_pids(l.pid) AS blocked_by,
             extract(epoch FROM clock_timestamp() - l.waitstart)::float8 AS waiting
      FROM pg_catalog.pg_locks l
      LEFT JOIN pg_catalog.pg_class c
        ON c.oid = l.relation
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
      WHERE NOT l.granted
      ORDER BY l.waitstart NULLS LAST, l.pid
      LIMIT 100
      """;

  private Sessions() {}

  static Diagnostics.Connections connections(Connection connection) {
    return Sql.query(
            connection,
            CONNECTIONS,
            row ->
                new Diagnostics.Connections(
                    row.getInt("active"),
                    row.getInt("idle"),
                    row.getInt("open"),
                    row.getInt("unknown"),
                    row.getInt("on_server"),
                    row.getInt("max")))
        .get(0);
  }

  static List<Diagnostics.Transaction> transactions(Connection connection) {
    return Sql.query(
        connection,
        TRANSACTIONS,
        row -> {
          Duration age = Columns.seconds(row, "age");
          return new Diagnostics.Transaction(
              row.getInt("pid"),
              Columns.text(row, "usename"),
              Columns.text(row, "application_name"),
              Columns.text(row, "state"),
              age == null ? Duration.ZERO : age);
        });
  }

  static List<Diagnostics.LockWait> lockWaits(Connection connection) {
    return Sql.query(
        connection,
        LOCK_WAITS,
        row ->
            new Diagnostics.LockWait(
                row.getInt("pid"),
                Arrays.asList((Integer[]) row.getArray("blocked_by").getArray()),
                row.getString("mode"),
                row.getString("table_name"),
                Columns.seconds(row, "waiting")));
  }
}
