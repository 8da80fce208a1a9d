package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;

/**
 * Brings jobs under a limit that was set while they waited. Transactions that did not know it may
 * commit such jobs long after: so it is done again until the last of them has ended.
 */
final class Adopt {
  private static final int AT_ONCE = 5_000;

  private static final String NOTICE =
      """
      UPDATE {schema}.job_limits
      SET stage = 'adopting'
      WHERE stage = 'new'
      """;

  // Who does not know a limit has a snapshot in which the transaction that set it had not ended, or
  // has written with such a snapshot and has a number by now. So once no such snapshot is left,
  // those that matter are among the transactions numbered before the next statement.
  private static final String UNKNOWN_TO_NOBODY =
      """
      SELECT l.scope, l.name
      FROM {schema}.job_limits l
      WHERE l.stage = 'adopting'
        AND l.horizon IS NULL
        AND NOT EXISTS (
          SELECT
          FROM pg_stat_activity a
          WHERE a.datname = current_database()
            AND a.pid <> pg_backend_pid()
            AND a.backend_type = 'client backend'
            AND age(a.backend_xmin) >= age(l.xid::xid))
      """;
  private static final String HORIZON =
      """
      UPDATE {schema}.job_limits
      SET horizon = pg_snapshot_xmax(pg_current_snapshot())
      WHERE scope = ?
        AND name = ?
      """;
  private static final String ADOPT =
      """
      WITH waiting AS MATERIALIZED (
        SELECT r.job_id, j.limit_key, j.user_id
        FROM {schema}.job_ready r
        JOIN {schema}.computational_jobs j ON j.id = r.job_id
        WHERE r.group_id IS NULL
          AND EXISTS (SELECT FROM {schema}.job_limits l WHERE {counting})
        LIMIT ?
        FOR UPDATE OF r SKIP LOCKED
      ), gone AS (
        DELETE FROM {schema}.job_ready r
        USING waiting w
        WHERE r.job_id = w.job_id
        RETURNING r.*, w.limit_key, w.user_id
      )
      INSERT INTO {schema}.job_parked
        (job_id, xid, queue, priority, type, limit_key, user_id, job_version, epoch, attempt)
      SELECT r.job_id, r.xid, r.queue, r.priority, r.type, COALESCE(r.limit_key, ''),
             CASE WHEN EXISTS (
                    SELECT
                    FROM {schema}.job_limits l
                    WHERE l.scope = 'queue'
                      AND l.name = r.queue
                      AND l.fair_share IS NOT NULL)
                  THEN COALESCE(r.user_id, '00000000-0000-0000-0000-000000000000')
                  ELSE '00000000-0000-0000-0000-000000000000'
             END,
             r.job_version, r.epoch, r.attempt
      FROM gone r
      ORDER BY r.xid, r.seq
      """;
  private static final String SETTLE =
      """
      UPDATE {schema}.job_limits
      SET stage = 'settled'
      WHERE scope = ?
        AND name = ?
        AND stage = 'adopting'
      """;

  private final String notice;
  private final String unknownToNobody;
  private final String horizon;
  private final String adopt;
  private final String settle;

  Adopt(Schema schema) {
    this.notice = schema.render(NOTICE);
    this.unknownToNobody = schema.render(UNKNOWN_TO_NOBODY);
    this.horizon = schema.render(HORIZON);
    this.adopt =
        schema.render(
            ADOPT.replace("{counting}", Parking.counting("r.queue", "r.type", "j.limit_key")));
    this.settle = schema.render(SETTLE);
  }

  /** New limits are no longer new. */
  void notice(Tx tx) {
    Sql.update(tx.connection(), notice);
  }

  /** Moves some jobs; true when there may be more. */
  boolean chunk(Tx tx) {
    Sql.query(
            tx.connection(),
            unknownToNobody,
            row -> new String[] {row.getString("scope"), row.getString("name")})
        .forEach(limit -> Sql.update(tx.connection(), horizon, limit[0], limit[1]));
    return Sql.update(tx.connection(), adopt, AT_ONCE) > 0;
  }

  /** The limit holds for every job from now on. */
  void settle(Tx tx, LimitRows.Row row) {
    Sql.update(tx.connection(), settle, row.limit().scope(), row.limit().name());
  }
}
