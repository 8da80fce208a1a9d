package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import java.util.LinkedHashMap;
import java.util.Map;

/** What must hold of unique keys, cancellation and deadlines at any moment. */
final class ControlInvariants {
  /**
   * The end of a job removes its key in the same transaction; the policies that free it before may
   * leave a row behind, which counts for nothing and is removed later.
   */
  private static final String UNIQUE_KEYS =
      """
      SELECT u.job_id::text AS subject,
             'holds a key while ' || array_to_string(u.states, ', ') || ', but is ' || j.status
               AS detail
      FROM {schema}.job_unique u
      JOIN {schema}.computational_jobs j ON j.id = u.job_id
      WHERE j.status IN ('completed', 'cancelled')
        AND NOT j.status = ANY (u.states)
        AND 'running' = ANY (u.states)
      """;

  private static final String UNMARKED_KEYS =
      """
      SELECT u.job_id::text AS subject, 'has a key, but its record does not say so' AS detail
      FROM {schema}.job_unique u
      JOIN {schema}.computational_jobs j ON j.id = u.job_id
      WHERE j.holds_key IS NOT TRUE
      """;

  /** A wish may be written while its job ends; then it is swept up within seconds. */
  private static final String CANCELS =
      """
      SELECT c.job_id::text AS subject,
             'asked to be cancelled, but ended a minute ago or more: ' || j.status AS detail
      FROM {schema}.job_cancels c
      JOIN {schema}.computational_jobs j ON j.id = c.job_id
      WHERE j.completed_at < {now} - interval '1 minute'
        AND c.requested_at < {now} - interval '1 minute'
      """;

  private static final String DEADLINES =
      """
      SELECT j.id::text AS subject, 'has a deadline that nobody looks at' AS detail
      FROM {schema}.computational_jobs j
      WHERE j.status = 'pending'
        AND j.deadline IS NOT NULL
        AND NOT EXISTS (SELECT FROM {schema}.job_deadlines d WHERE d.job_id = j.id)
      """;

  private ControlInvariants() {}

  static Map<String, String> queries(Schema schema) {
    Map<String, String> queries = new LinkedHashMap<>();
    queries.put("unique-keys-freed", schema.render(UNIQUE_KEYS));
    queries.put("unique-keys-marked", schema.render(UNMARKED_KEYS));
    queries.put("cancel-requests-of-the-living", schema.render(CANCELS));
    queries.put("deadlines-looked-at", schema.render(DEADLINES));
    return queries;
  }
}
