package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import java.util.LinkedHashMap;
import java.util.Map;

/** What must hold of limits at any moment. */
final class LimitInvariants {
  private static final String GROUPS =
      """
      SELECT h.job_id::text AS subject,
             h.place || ' with group ' || h.group_id || ', which is '
               || CASE WHEN g.id IS NULL THEN 'missing'
                       ELSE 'of queue ' || g.queue || ' and type ' || g.type END AS detail
      FROM (
        SELECT job_id, queue, type, group_id, 'ready' AS place FROM {schema}.job_ready
        UNION ALL
        SELECT job_id, queue, type, group_id, 'leased' FROM {schema}.job_leases
      ) h
      LEFT JOIN {schema}.job_groups g ON g.id = h.group_id
      WHERE h.group_id IS NOT NULL
        AND (g.queue, g.type) IS DISTINCT FROM (h.queue, h.type)
      """;
  private static final String COUNTED =
      """
      SELECT h.job_id::text AS subject,
             h.place || ' and not counted by the limit on ' || l.scope || ' ' || l.name AS detail
      FROM (
        SELECT job_id, queue, type, group_id, 'ready' AS place FROM {schema}.job_ready
        UNION ALL
        SELECT job_id, queue, type, group_id, 'leased' FROM {schema}.job_leases
      ) h
      JOIN {schema}.computational_jobs j ON j.id = h.job_id
      JOIN {schema}.job_limits l ON l.stage = 'settled' AND {counting}
      WHERE h.group_id IS NULL
      """;

  /** A settled limit was not exceeded when it was settled, and nothing lets more through since. */
  private static final String WITHIN =
      """
      WITH hot AS MATERIALIZED (
        SELECT g.queue, g.type, g.limit_key, g.user_id
        FROM (
          SELECT group_id FROM {schema}.job_ready
          UNION ALL
          SELECT group_id FROM {schema}.job_leases
        ) h
        JOIN {schema}.job_groups g ON g.id = h.group_id
      ), counted AS (
        SELECT l.scope, l.name, h.running, l.max_running AS most
        FROM {schema}.job_limits l
        CROSS JOIN LATERAL (
          SELECT count(*) AS running
          FROM hot h
          WHERE CASE l.scope
                  WHEN 'global' THEN TRUE
                  WHEN 'queue' THEN h.queue = l.name
                  WHEN 'type' THEN h.type = l.name
                  WHEN 'key' THEN h.limit_key = l.name
                  ELSE FALSE
                END
        ) h
        WHERE l.stage = 'settled'
        UNION ALL
        SELECT l.scope, h.limit_key, count(*), l.max_running
        FROM {schema}.job_limits l
        JOIN hot h ON h.limit_key <> ''
        WHERE l.stage = 'settled'
          AND l.scope = 'every_key'
          AND NOT EXISTS (
            SELECT FROM {schema}.job_limits o WHERE o.scope = 'key' AND o.name = h.limit_key)
        GROUP BY l.scope, h.limit_key, l.max_running
        UNION ALL
        SELECT 'share of user ' || h.user_id || ' in queue', l.name, count(*), l.fair_share
        FROM {schema}.job_limits l
        JOIN hot h ON h.queue = l.name
        WHERE l.stage = 'settled'
          AND l.scope = 'queue'
        GROUP BY h.user_id, l.name, l.fair_share
      )
      SELECT c.scope || ' ' || c.name AS subject,
             c.running || ' running or let through, limit ' || c.most AS detail
      FROM counted c
      WHERE c.running > c.most
      """;

  private LimitInvariants() {}

  static Map<String, String> queries(Schema schema) {
    Map<String, String> queries = new LinkedHashMap<>();
    queries.put("groups-match", schema.render(GROUPS));
    queries.put(
        "limited-are-counted",
        schema.render(
            COUNTED.replace("{counting}", Parking.counting("h.queue", "h.type", "j.limit_key"))));
    queries.put("within-limits", schema.render(WITHIN));
    return queries;
  }
}
