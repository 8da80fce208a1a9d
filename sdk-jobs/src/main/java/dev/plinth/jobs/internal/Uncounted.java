package dev.plinth.jobs.internal;

/**
 * Which rows of {@code job_count_deltas} can be there: those of transactions that the snapshot of
 * the last fold did not see. What it saw is gone for good, so a look does not walk over rows that
 * are dead but cannot be removed because an old snapshot is held open somewhere, whether that
 * belongs to a reader or to a writer.
 */
final class Uncounted {
  private static final String FROM = "pg_catalog.pg_snapshot_xmax(m.seen)";

  /** Two stretches of the index: what came later, and what was running then. */
  static final String ROWS =
      """
      SELECT d.*
      FROM {schema}.job_count_deltas d
      WHERE d.xid >= (
        SELECT COALESCE({from}, '0'::xid8) FROM {schema}.job_marks m WHERE m.name = 'counted')
      UNION ALL
      SELECT d.*
      FROM {schema}.job_marks m
      CROSS JOIN LATERAL pg_catalog.pg_snapshot_xip(m.seen) AS late(xid)
      JOIN {schema}.job_count_deltas d ON d.xid = late.xid
      WHERE m.name = 'counted'
      """
          .replace("{from}", FROM);

  /**
   * Set for a look at them: where nothing could be vacuumed for long, the planner takes the table
   * for full.
   */
  static final String BY_INDEX = "SET LOCAL enable_seqscan = off";

  /** Undoes it for what follows. */
  static final String FREELY = "SET LOCAL enable_seqscan = on";

  private Uncounted() {}
}
