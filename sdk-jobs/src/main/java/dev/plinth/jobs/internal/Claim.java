package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Takes ready jobs of one queue for an instance, many in one statement. Rows that others are taking
 * are skipped, and so are types and versions that this node has no handler for. An instance that
 * was declared dead and has not yet noticed gets nothing.
 */
final class Claim {
  // One queue at a time, so that the order comes from the index; the version test is a plain filter
  // for the same reason.
  private static final String CLAIM =
      """
      WITH picked AS MATERIALIZED (
        SELECT r.job_id
        FROM {schema}.job_ready r
        WHERE r.queue = ?
          AND r.job_version <= (?::integer[])[array_position(?::text[], r.type)]
          AND EXISTS (
            SELECT FROM {schema}.instances i
            WHERE i.id = ?::uuid
              AND i.ended_at IS NULL
              AND i.expires_at > {now})
        ORDER BY r.priority DESC, r.seq
        LIMIT ?
        FOR UPDATE SKIP LOCKED
      ), taken AS (
        DELETE FROM {schema}.job_ready r
        USING picked p
        WHERE r.job_id = p.job_id
        RETURNING r.*
      ), leased AS (
        INSERT INTO {schema}.job_leases
          (job_id, epoch, instance_id, claimed_at, queue, priority, type, job_version, attempt,
           claimer)
        SELECT t.job_id, t.epoch + 1, ?::uuid, {now}, t.queue, t.priority, t.type, t.job_version,
               t.attempt, ?::uuid
        FROM taken t
        ORDER BY t.priority DESC, t.seq
        RETURNING job_id, epoch, instance_id, type, job_version, attempt
      )
      SELECT l.job_id, l.epoch, l.instance_id, l.type, l.job_version, l.attempt,
             j.max_attempts, j.args, j.user_id, j.tenant_id, j.batch_id, j.parent_job_id,
             j.timeout_ms, j.deadline, j.holds_key
      FROM leased l
      JOIN {schema}.computational_jobs j ON j.id = l.job_id
      """;

  private final String claim;
  private final String[] types;
  private final Integer[] versions;

  /** With the types that are handled here, and up to which version. */
  Claim(Schema schema, Map<String, Integer> handled) {
    this.claim = schema.render(CLAIM);
    this.types = handled.keySet().toArray(String[]::new);
    this.versions = handled.values().toArray(Integer[]::new);
  }

  List<Claimed> next(Tx tx, UUID instance, UUID claimer, String queue, int limit) {
    return Sql.query(
        tx.connection(),
        claim,
        Claim::claimed,
        queue,
        versions,
        types,
        instance,
        limit,
        instance,
        claimer);
  }

  private static Claimed claimed(ResultSet row) throws SQLException {
    return new Claimed(
        row.getObject("job_id", UUID.class),
        row.getInt("epoch"),
        row.getObject("instance_id", UUID.class),
        row.getInt("attempt"),
        row.getInt("max_attempts"),
        row.getString("type"),
        row.getInt("job_version"),
        Json.of(row.getString("args")),
        Sql.uuid(row, "user_id"),
        row.getString("tenant_id"),
        Sql.uuid(row, "batch_id"),
        Sql.uuid(row, "parent_job_id"),
        row.getObject("timeout_ms") == null ? null : Duration.ofMillis(row.getLong("timeout_ms")),
        Sql.instant(row, "deadline"),
        row.getBoolean("holds_key"));
  }
}
