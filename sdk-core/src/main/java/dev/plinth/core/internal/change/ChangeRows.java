package dev.plinth.core.internal.change;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code changes} by snapshots: what is visible now and was not visible then. Neither times
 * nor sequence numbers could tell, since transactions commit in another order than they write in.
 */
final class ChangeRows {
  /** One row; a null key stands for every entry of the topic. */
  record Change(String topic, @Nullable String key) {}

  /**
   * A moment of the database, as {@code pg_current_snapshot()} tells it.
   *
   * @param text what PostgreSQL makes of it
   * @param horizon every transaction below this number had ended by then
   * @param server which server told it, by the time at which that was started
   */
  record Moment(String text, long horizon, String server) {
    /**
     * False when another server told it, or one restored, which counts transactions differently.
     */
    boolean follows(Moment then) {
      return server.equals(then.server) && horizon >= then.horizon;
    }
  }

  /**
   * What became visible between two moments.
   *
   * @param now the later moment
   * @param changes at most as many as were asked for
   */
  record News(Moment now, List<Change> changes) {}

  private final String moment;
  private final String since;
  private final String purge;

  ChangeRows(Schema schema) {
    this.moment = schema.render(MOMENT);
    this.since = schema.render(SINCE);
    this.purge = schema.render(PURGE);
  }

  /** The present moment, for one who has seen none. */
  News first(Tx tx) {
    return new News(Sql.query(tx.connection(), moment, ChangeRows::moment).get(0), List.of());
  }

  News since(Tx tx, Moment then, int limit) {
    List<Change> changes = new ArrayList<>();
    List<Moment> now =
        Sql.query(
            tx.connection(),
            since,
            row -> {
              String topic = row.getString("topic");
              if (topic != null) {
                changes.add(new Change(topic, row.getString("key")));
              }
              return moment(row);
            },
            then.horizon(),
            then.text(),
            limit);
    return new News(now.get(0), changes);
  }

  int purge(Tx tx, long horizon) {
    return Sql.update(tx.connection(), purge, horizon);
  }

  private static Moment moment(ResultSet row) throws SQLException {
    return new Moment(row.getString("snapshot"), row.getLong("horizon"), row.getString("server"));
  }

  private static final String MOMENT =
      """
      SELECT s.snapshot, pg_catalog.pg_snapshot_xmin(s.snapshot)::text::bigint AS horizon,
        extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text AS server
      FROM (SELECT pg_catalog.pg_current_snapshot() AS snapshot) s
      """;

  /**
   * One row at least, for the moment. A row of the future is one that was restored from another
   * server, whose transactions were counted differently: it concerns nobody.
   */
  private static final String SINCE =
      """
      SELECT s.snapshot, pg_catalog.pg_snapshot_xmin(s.snapshot)::text::bigint AS horizon,
        extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text AS server,
        c.topic, c.key
      FROM (SELECT pg_catalog.pg_current_snapshot() AS snapshot) s
      LEFT JOIN {schema}.changes c
        ON c.transaction_id >= ?
        AND NOT pg_catalog.pg_visible_in_snapshot(c.transaction_id::text::xid8, ?::pg_snapshot)
        AND pg_catalog.pg_visible_in_snapshot(c.transaction_id::text::xid8, s.snapshot)
      LIMIT ?
      """;

  /** Those of the future as well. */
  private static final String PURGE =
      """
      DELETE FROM {schema}.changes
      WHERE transaction_id < ?
        OR NOT pg_catalog.pg_visible_in_snapshot(
          transaction_id::text::xid8, pg_catalog.pg_current_snapshot())
      """;
}
