package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Restoring;

/**
 * Keys, wishes and deadlines in a restored database. A wish is kept: the job it is about waits in
 * line again, and is cancelled by the first node that starts.
 */
final class ControlAfterRestore {
  private static final String KEYS =
      """
      DELETE FROM {schema}.job_unique u
      WHERE u.expires_at <= {now}
         OR NOT EXISTS (
           SELECT FROM {schema}.computational_jobs j
           WHERE j.id = u.job_id
             AND (j.status IN ('pending', 'failed') OR j.status = ANY (u.states)))
      """;
  private static final String MARKS =
      """
      UPDATE {schema}.computational_jobs j
      SET holds_key = TRUE
      FROM {schema}.job_unique u
      WHERE u.job_id = j.id
        AND j.holds_key IS NOT TRUE
      """;
  private static final String WISHES =
      """
      DELETE FROM {schema}.job_cancels c
      WHERE NOT EXISTS (
        SELECT FROM {schema}.computational_jobs j
        WHERE j.id = c.job_id
          AND j.status = 'pending')
      """;
  private static final String DEADLINES =
      """
      INSERT INTO {schema}.job_deadlines (job_id, look_at)
      SELECT j.id, j.deadline
      FROM {schema}.computational_jobs j
      WHERE j.status = 'pending'
        AND j.deadline IS NOT NULL
      ON CONFLICT (job_id) DO NOTHING
      """;

  private ControlAfterRestore() {}

  static void run(Restoring restoring) {
    restoring.change("keys of jobs that have ended removed", KEYS);
    restoring.change("jobs that have a key marked", MARKS);
    restoring.change("wishes to cancel jobs that have ended removed", WISHES);
    restoring.change("deadlines of pending jobs noted", DEADLINES);
  }
}
