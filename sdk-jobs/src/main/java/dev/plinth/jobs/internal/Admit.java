package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Lets parked jobs through, and takes back what was let through and not claimed. */
final class Admit {
  private static final int AT_ONCE = 5_000;

  // Groups are made under the gatekeeper's lock, so nobody else makes the same.
  private static final String ADMIT =
      """
      WITH given AS MATERIALIZED (
        SELECT g.job_id, g.n
        FROM unnest((SELECT ?::uuid[])) WITH ORDINALITY AS g(job_id, n)
      ), gone AS (
        DELETE FROM {schema}.job_parked p
        USING given g
        WHERE p.job_id = g.job_id
        RETURNING p.*, g.n
      ), wanted AS MATERIALIZED (
        SELECT DISTINCT g.queue, g.user_id, g.type, g.limit_key
        FROM gone g
      ), made AS (
        INSERT INTO {schema}.job_groups (queue, user_id, type, limit_key)
        SELECT w.queue, w.user_id, w.type, w.limit_key
        FROM wanted w
        WHERE NOT EXISTS (
          SELECT
          FROM {schema}.job_groups g
          WHERE g.queue = w.queue
            AND g.user_id = w.user_id
            AND g.type = w.type
            AND g.limit_key = w.limit_key)
        RETURNING id, queue, user_id, type, limit_key
      ), grouped AS MATERIALIZED (
        SELECT m.id, m.queue, m.user_id, m.type, m.limit_key
        FROM made m
        UNION ALL
        SELECT g.id, g.queue, g.user_id, g.type, g.limit_key
        FROM wanted w
        JOIN {schema}.job_groups g
          ON g.queue = w.queue
         AND g.user_id = w.user_id
         AND g.type = w.type
         AND g.limit_key = w.limit_key
      )
      INSERT INTO {schema}.job_ready
        (job_id, queue, priority, type, job_version, epoch, attempt, group_id)
      SELECT g.job_id, g.queue, g.priority, g.type, g.job_version, g.epoch, g.attempt, h.id
      FROM gone g
      JOIN grouped h
        ON h.queue = g.queue
       AND h.user_id = g.user_id
       AND h.type = g.type
       AND h.limit_key = g.limit_key
      ORDER BY g.n
      """;

  // To the front of their lines, where they were.
  private static final String TAKE_BACK =
      """
      WITH waiting AS MATERIALIZED (
        SELECT r.job_id
        FROM {schema}.job_ready r
        WHERE r.group_id IS NOT NULL
          AND {which}
        LIMIT ?
        FOR UPDATE SKIP LOCKED
      ), gone AS (
        DELETE FROM {schema}.job_ready r
        USING waiting w
        WHERE r.job_id = w.job_id
        RETURNING r.*
      )
      INSERT INTO {schema}.job_parked
        (job_id, xid, queue, priority, type, limit_key, user_id, job_version, epoch, attempt)
      SELECT r.job_id, '0', r.queue, r.priority, r.type, COALESCE(j.limit_key, ''),
             CASE WHEN EXISTS (
                    SELECT
                    FROM {schema}.job_limits l
                    WHERE l.scope = 'queue'
                      AND l.name = r.queue
                      AND l.fair_share IS NOT NULL)
                  THEN COALESCE(j.user_id, '00000000-0000-0000-0000-000000000000')
                  ELSE '00000000-0000-0000-0000-000000000000'
             END,
             r.job_version, r.epoch, r.attempt
      FROM gone r
      LEFT JOIN {schema}.computational_jobs j ON j.id = r.job_id
      ORDER BY r.xid, r.seq
      """;
  private static final String TIDY =
      """
      DELETE FROM {schema}.job_groups g
      WHERE NOT EXISTS (SELECT FROM {schema}.job_ready r WHERE r.group_id = g.id)
        AND NOT EXISTS (SELECT FROM {schema}.job_leases l WHERE l.group_id = g.id)
      """;

  private final String admit;
  private final String takeAllBack;
  private final String takeBack;
  private final String tidy;

  Admit(Schema schema) {
    this.admit = schema.render(ADMIT);
    this.takeAllBack = schema.render(TAKE_BACK.replace("{which}", "TRUE"));
    this.takeBack = schema.render(TAKE_BACK.replace("{which}", "r.queue = ANY (?::text[])"));
    this.tidy = schema.render(TIDY);
  }

  /** Makes these jobs ready, in this order. They must be locked. */
  void admit(Tx tx, List<UUID> jobs) {
    if (!jobs.isEmpty()) {
      Sql.update(tx.connection(), admit, (Object) jobs.toArray(UUID[]::new));
    }
  }

  /** What waits to be claimed waits for the limits again; true when there may be more. */
  boolean takeAllBack(Tx tx) {
    return Sql.update(tx.connection(), takeAllBack, AT_ONCE) == AT_ONCE;
  }

  /** The same with the jobs of these queues. */
  boolean takeBack(Tx tx, Set<String> queues) {
    return !queues.isEmpty()
        && Sql.update(tx.connection(), takeBack, queues.toArray(String[]::new), AT_ONCE) == AT_ONCE;
  }

  /** Removes groups that no job needs. A claim or a release moves a job in one transaction. */
  void tidy(Tx tx) {
    Sql.update(tx.connection(), tidy);
  }
}
