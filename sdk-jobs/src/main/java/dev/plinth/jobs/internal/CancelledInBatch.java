package dev.plinth.jobs.internal;

/** How a cancelled job counts in its batch: the one text that says it. */
final class CancelledInBatch {
  /**
   * Part of a WITH: appends what a relation {@code cancelled} with the columns {@code batch_id} and
   * {@code started_at} makes of the counters.
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

  private CancelledInBatch() {}
}
