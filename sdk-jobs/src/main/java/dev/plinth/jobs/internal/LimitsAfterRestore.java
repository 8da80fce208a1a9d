package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Restoring;

/**
 * Limits in a restored database. They hold as they did: jobs that were let through and those that
 * wait keep their places, and whatever a table that was restored by itself has in the wrong place
 * is brought under the limits as if these were new.
 */
final class LimitsAfterRestore {
  private static final String ONE_PLACE =
      """
      DELETE FROM {schema}.job_parked p
      WHERE EXISTS (SELECT FROM {schema}.job_ready r WHERE r.job_id = p.job_id)
         OR EXISTS (SELECT FROM {schema}.job_delayed d WHERE d.job_id = p.job_id)
      """;

  // Numbers of transactions are those of another cluster, perhaps, and would put these behind jobs
  // that come later.
  private static final String RAISE =
      """
      UPDATE {schema}.job_parked
      SET epoch = epoch + ?,
          xid = '0'
      """;
  private static final String LOST_GROUPS =
      """
      UPDATE {schema}.job_ready r
      SET group_id = NULL
      WHERE r.group_id IS NOT NULL
        AND NOT EXISTS (
          SELECT
          FROM {schema}.job_groups g
          WHERE g.id = r.group_id
            AND g.queue = r.queue
            AND g.type = r.type)
      """;
  private static final String NEW_AGAIN =
      """
      UPDATE {schema}.job_limits
      SET stage = 'new',
          xid = pg_catalog.pg_current_xact_id(),
          horizon = NULL
      """;
  private static final String GATEKEEPER =
      """
      INSERT INTO {schema}.job_gatekeeper (id)
      VALUES (1)
      ON CONFLICT (id) DO NOTHING
      """;

  private LimitsAfterRestore() {}

  /** After the claims were given back. */
  static void run(Restoring restoring) {
    restoring.change("limited jobs in two places put in one", ONE_PLACE);
    restoring.change("limited jobs made safe", RAISE, Restoring.EPOCHS_SKIPPED);
    restoring.change("jobs without their group ungrouped", LOST_GROUPS);
    restoring.change("limits to be looked at again", NEW_AGAIN);
    restoring.change("gatekeeper put back", GATEKEEPER);
    restoring.moveOn("job_parked", "seq");
    restoring.moveOn("job_groups", "id");
  }
}
