package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import java.util.LinkedHashMap;
import java.util.Map;

/** What must hold of batches at any moment, as queries that return what breaks it. */
final class BatchInvariants {
  // Of a batch that is older than what may have been removed, rows may be missing.
  private static final String COUNTERS =
      """
      SELECT b.id::text AS subject,
             'counted ' || d.total || '/' || d.completed || '/' || d.failed || '/' || d.cancelled
               || ', rows ' || r.total || '/' || r.completed || '/' || r.failed || '/'
               || r.cancelled AS detail
      FROM {schema}.batch_job_collections b
      CROSS JOIN LATERAL (
        SELECT b.total_jobs + COALESCE(sum(d.total), 0) AS total,
               b.completed_jobs + COALESCE(sum(d.completed), 0) AS completed,
               b.failed_jobs + COALESCE(sum(d.failed), 0) AS failed,
               b.cancelled_jobs + COALESCE(sum(d.cancelled), 0) AS cancelled
        FROM {schema}.batch_deltas d
        WHERE d.batch_id = b.id
      ) d
      CROSS JOIN LATERAL (
        SELECT count(*) AS total,
               count(*) FILTER (WHERE j.status = 'completed') AS completed,
               count(*) FILTER (WHERE j.status IN ('failed', 'cancelled')) AS failed,
               count(*) FILTER (WHERE j.status = 'cancelled') AS cancelled
        FROM {schema}.computational_jobs j
        WHERE j.batch_id = b.id
      ) r
      WHERE (d.total, d.completed, d.failed, d.cancelled)
        IS DISTINCT FROM (r.total, r.completed, r.failed, r.cancelled)
        AND (
          b.created_at >= COALESCE(
            (SELECT m.at FROM {schema}.job_marks m WHERE m.name = 'removed'), '-infinity')
          OR r.total > d.total
          OR r.completed > d.completed
          OR r.failed > d.failed
          OR r.cancelled > d.cancelled)
      """;
  private static final String NESTED =
      """
      SELECT b.id::text AS subject,
             'batches counted ' || d.total || '/' || d.completed || '/' || d.failed || '/'
               || d.cancelled || ', rows ' || r.total || '/' || r.completed || '/' || r.failed
               || '/' || r.cancelled || ', at another depth ' || r.misplaced AS detail
      FROM {schema}.batch_job_collections b
      CROSS JOIN LATERAL (
        SELECT b.total_batches + COALESCE(sum(d.total_batches), 0) AS total,
               b.completed_batches + COALESCE(sum(d.completed_batches), 0) AS completed,
               b.failed_batches + COALESCE(sum(d.failed_batches), 0) AS failed,
               b.cancelled_batches + COALESCE(sum(d.cancelled_batches), 0) AS cancelled
        FROM {schema}.batch_deltas d
        WHERE d.batch_id = b.id
      ) d
      CROSS JOIN LATERAL (
        SELECT count(*) AS total,
               count(*) FILTER (WHERE c.status = 'completed') AS completed,
               count(*) FILTER (WHERE c.status IN ('failed', 'cancelled')) AS failed,
               count(*) FILTER (WHERE c.status = 'cancelled') AS cancelled,
               count(*) FILTER (WHERE c.depth <> b.depth + 1) AS misplaced
        FROM {schema}.batch_job_collections c
        WHERE c.parent_id = b.id
      ) r
      WHERE (d.total, d.completed, d.failed, d.cancelled)
        IS DISTINCT FROM (r.total, r.completed, r.failed, r.cancelled)
         OR r.misplaced > 0
      """;
  // A callback may be gone that was called: that of a user who was erased.
  private static final String ENDS =
      """
      SELECT b.id::text AS subject,
             'status ' || b.status || ', ' || b.total_jobs || ' jobs, ' || b.completed_jobs
               || ' completed, ' || b.failed_jobs || ' failed, ' || b.cancelled_jobs
               || ' cancelled, ' || b.total_batches || ' batches, callback jobs '
               || COALESCE(b.callback_job_id::text, 'none') || ', '
               || COALESCE(b.success_callback_job_id::text, 'none') || ', '
               || COALESCE(b.failure_callback_job_id::text, 'none') AS detail
      FROM {schema}.batch_job_collections b
      WHERE CASE
              WHEN b.status IN ('open', 'sealed') THEN
                num_nonnulls(
                  b.callback_job_id, b.success_callback_job_id, b.failure_callback_job_id) > 0
              ELSE b.total_jobs <> b.completed_jobs + b.failed_jobs
                OR b.total_batches <> b.completed_batches + b.failed_batches
                OR b.status <> CASE
                     WHEN b.failed_jobs + b.failed_batches = 0 THEN 'completed'
                     WHEN b.failed_jobs + b.failed_batches
                       = b.cancelled_jobs + b.cancelled_batches THEN 'cancelled'
                     ELSE 'failed'
                   END
                OR (b.callback IS NOT NULL AND b.callback_job_id IS NULL)
                OR (b.success_callback IS NOT NULL
                    AND (b.success_callback_job_id IS NULL) = (b.status = 'completed'))
                OR (b.failure_callback IS NOT NULL
                    AND (b.failure_callback_job_id IS NULL) <> (b.status = 'completed'))
            END
      """;

  private BatchInvariants() {}

  static Map<String, String> queries(Schema schema) {
    Map<String, String> queries = new LinkedHashMap<>();
    queries.put("counters-equal-rows", schema.render(COUNTERS));
    queries.put("batches-equal-rows", schema.render(NESTED));
    queries.put("batch-ends", schema.render(ENDS));
    return queries;
  }
}
