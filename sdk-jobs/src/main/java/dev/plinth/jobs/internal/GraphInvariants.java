package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import java.util.Map;

/** What must hold of jobs that wait for others. */
final class GraphInvariants {
  private static final String ORPHAN_EDGES =
      """
      SELECT e.job_id::text AS subject, 'does not wait, but has an edge from ' || e.parent_id AS detail
      FROM {schema}.job_edges e
      WHERE NOT EXISTS (SELECT FROM {schema}.job_waiting w WHERE w.job_id = e.job_id)
      """;

  // A minute is time enough for the sweep of a started node; without one nothing moves anyway.
  private static final String WAITS_IN_VAIN =
      """
      SELECT w.job_id::text AS subject,
             'waits since ' || w.waiting_since || ', though all that it waits for has ended' AS detail
      FROM {schema}.job_waiting w
      WHERE w.waiting_since < {now} - interval '1 minute'
        AND NOT EXISTS (
          SELECT FROM {schema}.job_edges e
          JOIN {schema}.computational_jobs p ON p.id = e.parent_id
          WHERE e.job_id = w.job_id
            AND (p.status = 'pending'
              OR p.completed_at > {now} - interval '1 minute'
              OR (e.on_failure = 'hold' AND p.status <> 'completed')))
      """;

  private GraphInvariants() {}

  static Map<String, String> queries(Schema schema) {
    return Map.of(
        "edges-of-waiting", schema.render(ORPHAN_EDGES),
        "waits-for-something", schema.render(WAITS_IN_VAIN));
  }
}
