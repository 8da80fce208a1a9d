package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import java.util.LinkedHashMap;
import java.util.Map;

/** What must hold of schedules at any moment, as queries that return what breaks it. */
final class ScheduleInvariants {
  // The table's CHECKs hold this too, unless somebody has dropped one.
  private static final String NEXT =
      """
      SELECT s.id::text AS subject,
             s.name || CASE WHEN s.is_active THEN ': active' ELSE ': paused' END
               || ', next run ' || COALESCE(s.next_run_at::text, 'none')
               || ', buffered ' || COALESCE(s.buffered_at::text, 'none') AS detail
      FROM {schema}.job_schedules s
      WHERE s.is_active <> (s.next_run_at IS NOT NULL)
         OR (NOT s.is_active AND s.buffered_at IS NOT NULL)
         OR (s.buffered_at IS NOT NULL AND s.overlap <> 'buffer_one')
         OR (s.buffered_at IS NOT NULL AND s.last_job_id IS NULL)
      """;

  /** It may be gone with its partition; but if it is there, it is one of the schedule's. */
  private static final String LAST_JOB =
      """
      SELECT s.id::text AS subject,
             s.name || ': the last job, ' || j.id || ', is none of its own' AS detail
      FROM {schema}.job_schedules s
      JOIN {schema}.computational_jobs j ON j.id = s.last_job_id
      WHERE j.metadata ->> 'scheduleId' <> s.id::text
         OR j.tenant_id IS DISTINCT FROM s.tenant_id
      """;

  /** Each due time once. */
  private static final String ONCE =
      """
      SELECT j.metadata ->> 'scheduleId' AS subject,
             'due at ' || (j.metadata ->> 'dueAt') || ', enqueued ' || count(*) || ' times' AS detail
      FROM {schema}.computational_jobs j
      WHERE j.trigger_type = 'schedule'
        AND j.metadata ->> 'scheduleId' IS NOT NULL
        AND j.metadata ->> 'dueAt' IS NOT NULL
      GROUP BY j.metadata ->> 'scheduleId', j.metadata ->> 'dueAt'
      HAVING count(*) > 1
      """;

  private ScheduleInvariants() {}

  static Map<String, String> queries(Schema schema) {
    Map<String, String> queries = new LinkedHashMap<>();
    queries.put("schedule-goes-on", schema.render(NEXT));
    queries.put("schedule-last-job", schema.render(LAST_JOB));
    queries.put("due-times-once", schema.render(ONCE));
    return queries;
  }
}
