package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Limit;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The rows of {@code job_limits}, as hosts set them. */
final class LimitRows {
  private static final String SET =
      """
      INSERT INTO {schema}.job_limits
        (scope, name, max_running, rate_count, rate_period_ms, burst, fair_share, set_at)
      VALUES (?, ?, ?::integer, ?::integer, ?::bigint, ?::integer, ?::integer, {now})
      ON CONFLICT (scope, name) DO UPDATE
      SET max_running = excluded.max_running,
          rate_count = excluded.rate_count,
          rate_period_ms = excluded.rate_period_ms,
          burst = excluded.burst,
          fair_share = excluded.fair_share,
          set_at = excluded.set_at,
          stage = 'new',
          xid = pg_current_xact_id(),
          horizon = NULL
      """;
  private static final String REMOVE =
      """
      DELETE FROM {schema}.job_limits
      WHERE scope = ?
        AND name = ?
      """;
  private static final String LIST =
      """
      SELECT l.scope, l.name, l.max_running, l.rate_count, l.rate_period_ms, l.burst, l.fair_share,
             l.stage, COALESCE(l.horizon <= pg_snapshot_xmin(pg_current_snapshot()), FALSE) AS past
      FROM {schema}.job_limits l
      ORDER BY l.scope, l.name
      """;

  private final String set;
  private final String remove;
  private final String list;

  LimitRows(Schema schema) {
    this.set = schema.render(SET);
    this.remove = schema.render(REMOVE);
    this.list = schema.render(LIST);
  }

  /**
   * A limit and how far it has been put through.
   *
   * @param isNew nobody has noticed it yet
   * @param isSettled it holds for every job
   * @param isPast every transaction that did not know it has ended
   */
  record Row(Limit limit, boolean isNew, boolean isSettled, boolean isPast) {}

  void set(Tx tx, Limit limit) {
    Limit.@Nullable Rate rate = limit.rate();
    Sql.update(
        tx.connection(),
        set,
        limit.scope(),
        limit.name(),
        limit.maxRunning(),
        rate == null ? null : rate.count(),
        rate == null ? null : rate.period().toMillis(),
        rate == null ? null : rate.burst(),
        limit.fairShare());
  }

  boolean remove(Tx tx, Limit limit) {
    return Sql.update(tx.connection(), remove, limit.scope(), limit.name()) > 0;
  }

  List<Row> list(Tx tx) {
    return Sql.query(tx.connection(), list, LimitRows::row);
  }

  private static Row row(ResultSet row) throws SQLException {
    String stage = row.getString("stage");
    Integer count = integer(row, "rate_count");
    return new Row(
        new Limit(
            Limit.Scope.valueOf(row.getString("scope").toUpperCase(Locale.ROOT)),
            row.getString("name"),
            integer(row, "max_running"),
            count == null
                ? null
                : new Limit.Rate(
                    count, Duration.ofMillis(row.getLong("rate_period_ms")), row.getInt("burst")),
            integer(row, "fair_share")),
        stage.equals("new"),
        stage.equals("settled"),
        row.getBoolean("past"));
  }

  private static @Nullable Integer integer(ResultSet row, String column) throws SQLException {
    return row.getObject(column, Integer.class);
  }
}
