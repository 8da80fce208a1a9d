package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * When the earliest delayed job is due, without walking the dead rows of those that were promoted:
 * those known at the last look are looked for from that time on, and those that have come since by
 * their transactions. Used by one thread.
 */
final class DelayedMark {
  private static final String LOOK =
      """
      SELECT pg_catalog.pg_current_snapshot()::text AS snapshot,
             extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text AS server,
             LEAST(
               (SELECT d.run_at
                FROM {schema}.job_delayed d
                WHERE d.run_at >= (SELECT COALESCE(?::timestamptz, '-infinity'))
                ORDER BY d.run_at
                LIMIT 1),
               (SELECT min(d.run_at)
                FROM {stretches}
                CROSS JOIN LATERAL (
                  SELECT d.run_at
                  FROM {schema}.job_delayed d
                  WHERE d.xid >= s.low
                    AND d.xid < s.high
                  OFFSET 0
                ) d)) AS oldest,
             {now} AS now
      """;

  private final String look;
  private String server = "";
  private Watermark seen = new Watermark();
  private @Nullable Instant oldest;

  DelayedMark(Schema schema) {
    this.look = schema.render(LOOK.replace("{stretches}", Marked.STRETCHES));
  }

  /** Finds out when the earliest is due; true when it is. */
  boolean look(Tx tx) {
    Found found = found(tx);
    if (!found.server().equals(server)) {
      server = found.server();
      seen = new Watermark();
      oldest = null;
      found = found(tx);
    }
    // What this snapshot shows will be found by its time, so the next look begins after it.
    seen.moved(new Watermark.Look(found.snapshot(), null, Set.of()));
    Instant earliest = found.oldest();
    boolean due = earliest != null && !earliest.isAfter(found.now());
    oldest = due ? earliest : found.now();
    return due;
  }

  /** No delayed job that is due was due before this time, as of the last look; null: not known. */
  @Nullable Instant oldest() {
    return oldest;
  }

  private record Found(String server, Snapshot snapshot, @Nullable Instant oldest, Instant now) {}

  private Found found(Tx tx) {
    return Sql.query(
            tx.connection(),
            look,
            DelayedMark::found,
            oldest,
            Marked.lows(seen.stretches()),
            Marked.highs(seen.stretches()))
        .get(0);
  }

  private static Found found(ResultSet row) throws SQLException {
    Instant now = Sql.instant(row, "now");
    if (now == null) {
      throw new IllegalStateException("The database does not tell its time");
    }
    return new Found(
        row.getString("server"),
        Snapshot.of(row.getString("snapshot")),
        Sql.instant(row, "oldest"),
        now);
  }
}
