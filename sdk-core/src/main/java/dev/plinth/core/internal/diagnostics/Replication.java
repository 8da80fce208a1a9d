package dev.plinth.core.internal.diagnostics;

import dev.plinth.core.diagnostics.Diagnostics;
import dev.plinth.core.diagnostics.Diagnostics.HorizonHolder;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.util.List;
import java.util.Locale;

/** Who follows this server, and what keeps its log and its dead rows. */
final class Replication {
  /** Where this server's log stands, be it a primary or a standby that others follow. */
  private static final String POSITION =
      """
      CASE WHEN pg_catalog.pg_is_in_recovery()
        THEN pg_catalog.pg_last_wal_replay_lsn()
        ELSE pg_catalog.pg_current_wal_lsn()
      END
      """;

  private static final String REPLICAS =
      """
      SELECT r.application_name, r.state, r.sync_state,
             greatest(0, pg_catalog.pg_wal_lsn_diff(%s, r.replay_lsn))::bigint AS lag_bytes,
             extract(epoch FROM r.replay_lag)::float8 AS lag
      FROM pg_catalog.pg_stat_replication r
      ORDER BY r.application_name, r.pid
      """
          .formatted(POSITION);

  private static final String SLOTS =
      """
      SELECT s.slot_name, s.slot_type, s.active, s.wal_status,
             greatest(0, pg_catalog.pg_wal_lsn_diff(%s, s.restart_lsn))::bigint AS retained
      FROM pg_catalog.pg_replication_slots s
      ORDER BY s.slot_name
      """
          .formatted(POSITION);

  /** A standby's feedback without a slot stands as the snapshot of its WAL sender. */
  private static final String HORIZON =
      """
      SELECT CASE a.backend_type WHEN 'walsender' THEN 'standby' ELSE 'session' END AS kind,
             CASE a.backend_type WHEN 'walsender' THEN a.application_name ELSE a.pid::text END AS name,
             age(a.backend_xmin) AS age
      FROM pg_catalog.pg_stat_activity a
      WHERE a.backend_xmin IS NOT NULL
        AND a.pid <> pg_catalog.pg_backend_pid()
      UNION ALL
      SELECT 'prepared_transaction', p.gid, age(p.transaction)
      FROM pg_catalog.pg_prepared_xacts p
      UNION ALL
      SELECT 'slot', s.slot_name, greatest(age(s.xmin), age(s.catalog_xmin))
      FROM pg_catalog.pg_replication_slots s
      WHERE s.xmin IS NOT NULL OR s.catalog_xmin IS NOT NULL
      ORDER BY age DESC, name
      LIMIT 20
      """;

  private Replication() {}

  static List<Diagnostics.Replica> replicas(Connection connection) {
    return Sql.query(
        connection,
        REPLICAS,
        row -> {
          String synchronous = row.getString("sync_state");
          return new Diagnostics.Replica(
              Columns.text(row, "application_name"),
              row.getString("state"),
              synchronous == null
                  ? null
                  : synchronous.equals("sync") || synchronous.equals("quorum"),
              Columns.number(row, "lag_bytes"),
              Columns.seconds(row, "lag"));
        });
  }

  static List<Diagnostics.Slot> slots(Connection connection) {
    return Sql.query(
        connection,
        SLOTS,
        row ->
            new Diagnostics.Slot(
                row.getString("slot_name"),
                row.getString("slot_type"),
                row.getBoolean("active"),
                Columns.number(row, "retained"),
                row.getString("wal_status")));
  }

  static List<HorizonHolder> horizon(Connection connection) {
    return Sql.query(
        connection,
        HORIZON,
        row ->
            new HorizonHolder(
                HorizonHolder.Kind.valueOf(row.getString("kind").toUpperCase(Locale.ROOT)),
                Columns.text(row, "name"),
                row.getLong("age")));
  }
}
