package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Restoring;

/**
 * Jobs in a restored database. What was running when the backup was made runs again, at once and
 * without the attempt being counted, since no handler failed; what had ended has ended. Every epoch
 * is raised, so that a process of the lost time, whose claims these tables do not know, completes
 * nothing here.
 */
final class JobsAfterRestore {
  /** Places in line of jobs that have ended or are gone: a table was restored by itself. */
  private static final String STALE =
      """
      DELETE FROM {schema}.%s p
      WHERE NOT EXISTS (
        SELECT FROM {schema}.computational_jobs j
        WHERE j.id = p.job_id
          AND j.status = 'pending')
      """;

  private static final String RAISE =
      """
      UPDATE {schema}.%s
      SET epoch = epoch + ?
      """;

  /** The epoch that Retry goes on from. */
  private static final String RAISE_FAILED =
      """
      UPDATE {schema}.job_attempts a
      SET epoch = a.epoch + ?
      FROM {schema}.computational_jobs j
      WHERE j.id = a.job_id
        AND j.status = 'failed'
        AND a.outcome IN ('failed', 'timed_out', 'discarded')
        AND NOT EXISTS (
          SELECT FROM {schema}.job_attempts later
          WHERE later.job_id = a.job_id
            AND later.epoch > a.epoch)
      """;

  private static final String GIVE_BACK =
      """
      WITH gone AS (
        DELETE FROM {schema}.job_leases
        RETURNING *
      ), attempted AS (
        INSERT INTO {schema}.job_attempts
          (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome, error)
        SELECT g.job_id, g.epoch, g.attempt, g.instance_id, g.claimed_at, {now}, 'released',
               'The database was restored from a backup'
        FROM gone g
        ON CONFLICT (job_id, epoch) DO NOTHING
      )
      INSERT INTO {schema}.job_ready
        (job_id, queue, priority, type, job_version, epoch, attempt, group_id)
      SELECT g.job_id, g.queue, g.priority, g.type, g.job_version, g.epoch + ?, g.attempt, g.group_id
      FROM gone g
      ON CONFLICT (job_id) DO NOTHING
      """;

  private static final String ONE_PLACE =
      """
      DELETE FROM {schema}.job_delayed d
      WHERE EXISTS (SELECT FROM {schema}.job_ready r WHERE r.job_id = d.job_id)
      """;

  /** Pending jobs without a place in line: a table was restored by itself. */
  private static final String QUEUE =
      """
      WITH lost AS MATERIALIZED (
        SELECT j.id, j.queue, j.priority, j.type, j.job_version, j.scheduled_at,
               coalesce(a.epoch, 0) + ? AS epoch, coalesce(a.attempt + 1, 1) AS attempt
        FROM {schema}.computational_jobs j
        LEFT JOIN LATERAL (
          SELECT a.epoch, a.attempt
          FROM {schema}.job_attempts a
          WHERE a.job_id = j.id
          ORDER BY a.epoch DESC
          LIMIT 1
        ) a ON true
        WHERE j.status = 'pending'
          AND NOT EXISTS (SELECT FROM {schema}.job_ready x WHERE x.job_id = j.id)
          AND NOT EXISTS (SELECT FROM {schema}.job_delayed x WHERE x.job_id = j.id)
          AND NOT EXISTS (SELECT FROM {schema}.job_waiting x WHERE x.job_id = j.id)
          AND NOT EXISTS (SELECT FROM {schema}.job_parked x WHERE x.job_id = j.id)
      ), later AS (
        INSERT INTO {schema}.job_delayed
          (job_id, run_at, queue, priority, type, job_version, epoch, attempt)
        SELECT l.id, l.scheduled_at, l.queue, l.priority, l.type, l.job_version, l.epoch, l.attempt
        FROM lost l
        WHERE l.scheduled_at > {now}
        RETURNING job_id
      ), soon AS (
        INSERT INTO {schema}.job_ready
          (job_id, queue, priority, type, job_version, epoch, attempt)
        SELECT l.id, l.queue, l.priority, l.type, l.job_version, l.epoch, l.attempt
        FROM lost l
        WHERE l.scheduled_at IS NULL OR l.scheduled_at <= {now}
        RETURNING job_id
      )
      UPDATE {schema}.computational_jobs j
      SET max_attempts = GREATEST(j.max_attempts, l.attempt)
      FROM lost l
      WHERE j.id = l.id
      """;

  private JobsAfterRestore() {}

  static void run(Restoring restoring) {
    restoring.change("claimers forgotten", "DELETE FROM {schema}.job_claimers");
    for (String place : new String[] {"job_ready", "job_delayed", "job_leases", "job_parked"}) {
      restoring.change(
          "rows of jobs that have ended removed from " + place, STALE.formatted(place));
    }
    restoring.change(
        "ready jobs made safe", RAISE.formatted("job_ready"), Restoring.EPOCHS_SKIPPED);
    restoring.change(
        "delayed jobs made safe", RAISE.formatted("job_delayed"), Restoring.EPOCHS_SKIPPED);
    restoring.change("failed jobs made safe", RAISE_FAILED, Restoring.EPOCHS_SKIPPED);
    restoring.change("claims given back", GIVE_BACK, Restoring.EPOCHS_SKIPPED);
    restoring.change("jobs in two places put in one", ONE_PLACE);
    GraphAfterRestore.run(restoring);
    LimitsAfterRestore.run(restoring);
    restoring.change("pending jobs put back in line", QUEUE, Restoring.EPOCHS_SKIPPED);
    restoring.change("dispatchers forgotten", "DELETE FROM {schema}.job_handlers");
    // Transactions are numbered anew where the restored server is another one.
    restoring.change(
        "marks of counting taken back",
        "UPDATE {schema}.job_marks SET seen = NULL WHERE seen IS NOT NULL");
    restoring.moveOn("job_count_deltas", "id");
    ControlAfterRestore.run(restoring);
    restoring.moveOn("job_ready", "seq");
    restoring.moveOn("batch_deltas", "id");
  }
}
