package dev.plinth.jobs.internal;

/** What cancelled jobs leave for others to see: the one text that says it. */
final class CancelledInBatch {
  /**
   * Part of a WITH: appends what a relation {@code cancelled} with the columns {@code batch_id} and
   * {@code started_at} makes of the counters. A cancelled job counts as failed, too.
   */
  static final String COUNTED =
      """
      counted AS (
        INSERT INTO {schema}.batch_deltas (batch_id, failed, cancelled, started_at)
        SELECT c.batch_id, count(*), count(*), min(c.started_at)
        FROM cancelled c
        WHERE c.batch_id IS NOT NULL
        GROUP BY c.batch_id
      )""";

  /** Part of a WITH: signals to those that wait for the jobs of {@code cancelled}, by its id. */
  static final String SIGNALLED =
      """
      signalled AS (
        INSERT INTO {schema}.job_signals (job_id)
        SELECT c.id
        FROM cancelled c
        WHERE EXISTS (SELECT FROM {schema}.job_edges e WHERE e.parent_id = c.id)
      )""";

  private CancelledInBatch() {}
}
