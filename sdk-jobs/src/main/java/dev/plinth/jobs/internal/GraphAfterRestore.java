package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Restoring;

/**
 * Waiting jobs in a restored database: as the others of one place, and with edges only where they
 * wait. Signals are not needed, since the sweep looks at everything.
 */
final class GraphAfterRestore {
  private static final String STALE =
      """
      DELETE FROM {schema}.job_waiting w
      WHERE NOT EXISTS (
          SELECT FROM {schema}.computational_jobs j
          WHERE j.id = w.job_id
            AND j.status = 'pending')
         OR EXISTS (SELECT FROM {schema}.job_ready r WHERE r.job_id = w.job_id)
         OR EXISTS (SELECT FROM {schema}.job_delayed d WHERE d.job_id = w.job_id)
         OR EXISTS (SELECT FROM {schema}.job_parked p WHERE p.job_id = w.job_id)
      """;
  private static final String RAISE =
      """
      UPDATE {schema}.job_waiting
      SET epoch = epoch + ?
      """;

  /** Pending jobs that are nowhere, but whose edges are back: a table was restored by itself. */
  private static final String WAIT =
      """
      INSERT INTO {schema}.job_waiting
        (job_id, queue, priority, type, job_version, epoch, attempt, run_at, waiting_since)
      SELECT j.id, j.queue, j.priority, j.type, j.job_version, coalesce(a.epoch, 0) + ?,
             coalesce(a.attempt + 1, 1), j.scheduled_at, {now}
      FROM {schema}.computational_jobs j
      LEFT JOIN LATERAL (
        SELECT a.epoch, a.attempt
        FROM {schema}.job_attempts a
        WHERE a.job_id = j.id
        ORDER BY a.epoch DESC
        LIMIT 1
      ) a ON true
      WHERE j.status = 'pending'
        AND EXISTS (SELECT FROM {schema}.job_edges e WHERE e.job_id = j.id)
        AND NOT EXISTS (SELECT FROM {schema}.job_ready x WHERE x.job_id = j.id)
        AND NOT EXISTS (SELECT FROM {schema}.job_delayed x WHERE x.job_id = j.id)
        AND NOT EXISTS (SELECT FROM {schema}.job_parked x WHERE x.job_id = j.id)
        AND NOT EXISTS (SELECT FROM {schema}.job_waiting x WHERE x.job_id = j.id)
      """;

  private static final String ORPHANS =
      """
      DELETE FROM {schema}.job_edges e
      WHERE NOT EXISTS (SELECT FROM {schema}.job_waiting w WHERE w.job_id = e.job_id)
      """;
  private static final String SIGNALS =
      """
      DELETE FROM {schema}.job_signals
      """;

  private GraphAfterRestore() {}

  /** When claims are given back, and before jobs that are nowhere are put in line. */
  static void run(Restoring restoring) {
    restoring.change("rows of jobs that do not wait removed from job_waiting", STALE);
    restoring.change("waiting jobs made safe", RAISE, Restoring.EPOCHS_SKIPPED);
    restoring.change("pending jobs with edges made to wait", WAIT, Restoring.EPOCHS_SKIPPED);
    restoring.change("edges of jobs that do not wait removed", ORPHANS);
    restoring.change("signals between jobs removed", SIGNALS);
    restoring.moveOn("job_signals", "id");
  }
}
