package dev.plinth.jobs.internal;

/**
 * The parts of statements that decide whether a job may be claimed at once or waits in {@code
 * job_parked}: it waits when any limit counts it, whether that has room or not. Only the gatekeeper
 * lets it through, so that nobody who enqueues waits for anybody else.
 */
final class Parking {
  private static final String COUNTING =
      """
      (l.scope, l.name) IN (
        ('queue', {queue}),
        ('type', {type}),
        ('key', {key}),
        ('every_key', CASE WHEN {key} IS NOT NULL THEN '' END),
        ('global', ''))\
      """;

  private static final String PLACE =
      """
      , placed AS MATERIALIZED (
        SELECT r.*, c.n > 0 AS is_limited,
               CASE WHEN c.fair THEN r.user_id END AS line_user
        FROM {rows} r
        CROSS JOIN LATERAL (
          SELECT count(*) AS n, bool_or(l.fair_share IS NOT NULL) AS fair
          FROM {schema}.job_limits l
          WHERE {counting}
        ) c
      ), parked AS (
        INSERT INTO {schema}.job_parked
          (job_id, queue, priority, type, limit_key, user_id, job_version, epoch, attempt)
        SELECT r.job_id, r.queue, r.priority, r.type, COALESCE(r.limit_key, ''),
               COALESCE(r.line_user, '00000000-0000-0000-0000-000000000000'), r.job_version,
               r.epoch, r.attempt
        FROM placed r
        WHERE r.is_limited
        ORDER BY {order}
        RETURNING job_id
      ), ready AS (
        INSERT INTO {schema}.job_ready
          (job_id, queue, priority, type, job_version, epoch, attempt)
        SELECT r.job_id, r.queue, r.priority, r.type, r.job_version, r.epoch, r.attempt
        FROM placed r
        WHERE NOT r.is_limited
        ORDER BY {order}
        RETURNING job_id
      )
      """;

  private Parking() {}

  /**
   * The condition that a row {@code l} of {@code job_limits} counts a job; by the primary key, so
   * that it costs a probe of an empty index where there are no limits.
   *
   * @param queue an expression of type text, as are the others
   * @param key may be null in SQL, for a job without a key
   */
  static String counting(String queue, String type, String key) {
    return COUNTING.replace("{queue}", queue).replace("{type}", type).replace("{key}", key);
  }

  /**
   * Two CTEs, {@code parked} and {@code ready}, that put jobs in their places.
   *
   * @param rows the CTE that has the jobs: {@code job_id, queue, priority, type, limit_key,
   *     user_id, job_version, epoch, attempt}, the key and the user as the record has them
   * @param order in which they line up, by columns of {@code r}
   */
  static String place(String rows, String order) {
    return PLACE
        .replace("{counting}", counting("r.queue", "r.type", "r.limit_key"))
        .replace("{rows}", rows)
        .replace("{order}", order);
  }
}
