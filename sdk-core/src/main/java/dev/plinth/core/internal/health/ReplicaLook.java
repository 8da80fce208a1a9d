package dev.plinth.core.internal.health;

import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.ConnectionSource;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Asks the server behind the read DataSource how far it is. */
final class ReplicaLook {
  private static final String STATE =
      """
      SELECT pg_catalog.pg_is_in_recovery() AS recovering,
             pg_catalog.pg_last_xact_replay_timestamp() AS replayed_at,
             CASE WHEN pg_catalog.pg_is_in_recovery()
               THEN pg_catalog.pg_last_wal_replay_lsn()
               ELSE pg_catalog.pg_current_wal_insert_lsn()
             END::text AS position,
             CASE WHEN pg_catalog.pg_is_in_recovery()
               THEN pg_catalog.pg_get_wal_replay_pause_state() <> 'not paused'
               ELSE false
             END AS paused,
             CASE WHEN NOT pg_catalog.pg_is_in_recovery()
               THEN left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8)
             END AS history
      """;

  /** What it said. */
  record State(
      boolean recovering,
      @Nullable Instant replayedAt,
      @Nullable String position,
      boolean paused,
      @Nullable String history) {}

  /** One look; the thread that looks writes, others read at any time. */
  static final class Seen {
    volatile @Nullable State state;
    volatile @Nullable String failure;
  }

  private final ConnectionSource source;

  ReplicaLook(ConnectionSource source) {
    this.source = source;
  }

  /** Throws nothing. */
  void into(Seen seen, Duration time) {
    try (Session session = new Session(source.openForReads(), time)) {
      seen.state =
          session.ask(
              connection ->
                  Sql.query(
                          connection,
                          STATE,
                          row ->
                              new State(
                                  row.getBoolean("recovering"),
                                  Sql.instant(row, "replayed_at"),
                                  row.getString("position"),
                                  row.getBoolean("paused"),
                                  row.getString("history")))
                      .get(0));
    } catch (SQLException | RuntimeException e) {
      seen.failure = PrimaryLook.text(e);
    }
  }
}
