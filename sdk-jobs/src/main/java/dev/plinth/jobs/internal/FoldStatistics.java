package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.time.Duration;

/**
 * Folds counted attempts into statistics by the minute and by the hour, and forgets old ones. One
 * at a time: whoever holds the mark's row. Needs READ COMMITTED, so that it sees what was committed
 * before it had the lock.
 */
final class FoldStatistics implements Sweep {
  /** So that the last hour can always be told by the minute. */
  static final Duration KEEP_MINUTES = Duration.ofHours(3);

  /** For charts. */
  static final Duration KEEP_HOURS = Duration.ofDays(366);

  private static final String LOCK =
      """
      SELECT name
      FROM {schema}.job_marks
      WHERE name = 'counted'
      FOR NO KEY UPDATE SKIP LOCKED
      """;
  // All in one snapshot: what it sees it folds, and exactly that is marked as seen.
  private static final String FOLD =
      """
      WITH there AS MATERIALIZED (
        {rows}
      ), gone AS (
        DELETE FROM {schema}.job_count_deltas d
        USING there t
        WHERE d.id = t.id
        RETURNING d.*
      ), folded AS (
        INSERT INTO {schema}.job_statistics AS s
          (span, begins_at, queue, type, outcome, run_class, attempts, run_ms, run_ms_max,
           waits, wait_ms, wait_ms_max)
        SELECT p.span, date_trunc(p.span, g.ended_at, 'UTC') AS begins_at, g.queue, g.type,
               g.outcome, g.run_class, sum(g.attempts)::bigint, sum(g.run_ms)::bigint,
               max(g.run_ms_max), sum(g.waits)::bigint, sum(g.wait_ms)::bigint, max(g.wait_ms_max)
        FROM gone g
        CROSS JOIN (VALUES ('minute'), ('hour')) AS p(span)
        GROUP BY p.span, begins_at, g.queue, g.type, g.outcome, g.run_class
        ON CONFLICT (span, begins_at, queue, type, outcome, run_class) DO UPDATE
        SET attempts = s.attempts + EXCLUDED.attempts,
            run_ms = s.run_ms + EXCLUDED.run_ms,
            run_ms_max = GREATEST(s.run_ms_max, EXCLUDED.run_ms_max),
            waits = s.waits + EXCLUDED.waits,
            wait_ms = s.wait_ms + EXCLUDED.wait_ms,
            wait_ms_max = GREATEST(s.wait_ms_max, EXCLUDED.wait_ms_max)
      )
      UPDATE {schema}.job_marks
      SET seen = pg_catalog.pg_current_snapshot(),
          at = {now}
      WHERE name = 'counted'
        AND EXISTS (SELECT FROM gone)
      """;
  private static final String FORGET =
      """
      DELETE FROM {schema}.job_statistics
      WHERE (span = 'minute' AND begins_at < {now} - make_interval(secs => ?))
         OR (span = 'hour' AND begins_at < {now} - make_interval(secs => ?))
      """;
  private static final long FORGET_EVERY_NANOS = Duration.ofMinutes(10).toNanos();

  private final String lock;
  private final String fold;
  private final String forget;
  private volatile long forgetAt = System.nanoTime();

  FoldStatistics(Schema schema) {
    this.lock = schema.render(LOCK);
    this.fold = schema.render(FOLD.replace("{rows}", Uncounted.ROWS));
    this.forget = schema.render(FORGET);
  }

  @Override
  public boolean chunk(Tx tx) {
    if (Sql.first(tx.connection(), lock, row -> row.getString(1)).isPresent()) {
      Sql.execute(tx.connection(), Uncounted.BY_INDEX);
      Sql.update(tx.connection(), fold);
      if (System.nanoTime() - forgetAt >= 0) {
        forgetAt = System.nanoTime() + FORGET_EVERY_NANOS;
        Sql.update(tx.connection(), forget, KEEP_MINUTES, KEEP_HOURS);
      }
    }
    return false;
  }
}
