package dev.plinth.core.internal.diagnostics;

import dev.plinth.core.diagnostics.Diagnostics;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What pg_stat_statements has counted, where it is installed. */
final class SlowStatements {
  private static final String WHERE =
      """
      SELECT pg_catalog.quote_ident(n.nspname)
      FROM pg_catalog.pg_extension e
      JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
      WHERE e.extname = 'pg_stat_statements'
      """;

  /** Utility statements are not normalised before PostgreSQL 16, and may hold a role's password. */
  private static final String SLOWEST =
      """
      SELECT left(s.query, 500) AS query,
             sum(s.calls)::bigint AS calls,
             sum(s.total_exec_time) AS total,
             sum(s.total_exec_time) / greatest(1, sum(s.calls)) AS mean,
             sum(s.rows)::bigint AS rows
      FROM %s.pg_stat_statements s
      WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
        AND s.query ~* '^[[:space:]]*(select|insert|update|delete|merge|with)[[:space:]]'
      GROUP BY left(s.query, 500)
      ORDER BY total DESC
      LIMIT 20
      """;

  private SlowStatements() {}

  /** Empty when the extension is not there. */
  static Optional<List<Diagnostics.Statement>> slowest(Connection connection) {
    return Sql.first(connection, WHERE, row -> row.getString(1))
        .map(
            schema ->
                Sql.query(
                    connection,
                    SLOWEST.formatted(schema),
                    row ->
                        new Diagnostics.Statement(
                            row.getString("query"),
                            row.getLong("calls"),
                            millis(row.getDouble("total")),
                            millis(row.getDouble("mean")),
                            row.getLong("rows"))));
  }

  private static Duration millis(double millis) {
    return Duration.ofNanos(Math.round(millis * 1e6));
  }
}
