package dev.plinth.core.internal.read;

import dev.plinth.core.read.LogPosition;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.sql.SQLException;

/** What the server behind a connection for reads has, measured against a position. */
enum Standing {
  /** It has replayed that far, or is the primary and on the same timeline. */
  REACHED,
  /** Not yet; it is worth waiting. */
  BEHIND,
  /**
   * It is of another cluster, or on another timeline, as around a promotion: positions of two
   * histories cannot be compared.
   */
  INCOMPARABLE;

  /**
   * A position just after a page's header has no record before it on that page, so what it means is
   * the page's beginning, which is where replay says it has got to.
   *
   * <p>A server that was promoted no longer follows anybody, so its own timeline counts. In
   * recovery the timeline is the newest that the control file or, where the role may see it, the
   * WAL receiver knows; these may be late after a promotion elsewhere, and then it is told apart
   * once too often rather than too seldom.
   */
  private static final String ASK =
      """
      SELECT system.system_identifier::text AS system,
             CASE WHEN pg_catalog.pg_is_in_recovery()
               THEN greatest(
                 (SELECT c.timeline_id FROM pg_catalog.pg_control_checkpoint() c),
                 (SELECT r.min_recovery_end_timeline FROM pg_catalog.pg_control_recovery() r),
                 (SELECT w.received_tli FROM pg_catalog.pg_stat_wal_receiver w))::bigint
               ELSE ('x' || lpad(left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8), 16, '0'))
                 ::bit(64)::bigint
             END AS timeline,
             CASE WHEN pg_catalog.pg_is_in_recovery()
               THEN pg_catalog.pg_last_wal_replay_lsn()
               ELSE pg_catalog.pg_current_wal_insert_lsn()
             END >= wanted.lsn
               - CASE mod(wanted.lsn - '0/0'::pg_lsn, current_setting('wal_block_size')::numeric)
                   WHEN 24 THEN 24
                   WHEN 40 THEN 40
                   ELSE 0
                 END AS reached
      FROM pg_catalog.pg_control_system() system,
           (SELECT ?::pg_lsn AS lsn) wanted
      """;

  /** Asks, outside every transaction, so that the reads to come take a newer snapshot. */
  static Standing of(Connection connection, LogPosition wanted) throws SQLException {
    Standing standing =
        Sql.query(
                connection,
                ASK,
                row -> {
                  if (!wanted.system().equals(row.getString("system"))
                      || wanted.timeline() != row.getLong("timeline")) {
                    return INCOMPARABLE;
                  }
                  return row.getBoolean("reached") ? REACHED : BEHIND;
                },
                wanted.lsn())
            .get(0);
    if (!connection.getAutoCommit()) {
      connection.rollback();
    }
    return standing;
  }
}
