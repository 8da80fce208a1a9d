package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * Takes ready jobs of one queue for an instance, many in one statement. Rows that others are taking
 * are skipped, and so are types and versions that this node has no handler for. An instance that
 * was declared dead and has not yet noticed gets nothing, and neither does one that is not among
 * the claimers.
 */
final class Claim {
  // One queue at a time, lane by lane, each from its mark on: so the order comes from the index,
  // and
  // the stretch of it that can hold nothing is not walked. The lanes are looked at in the order of
  // the arrays, and only until there are enough; a later one is then not touched. Places are row
  // addresses, which cannot change while the rows are locked.
  private static final String CLAIM =
      """
      WITH picked AS MATERIALIZED (
        SELECT r.place
        FROM unnest((SELECT ?::smallint[]), ?::text[]::xid8[], ?::text[]::xid8[]) AS lane(priority, low, high)
        CROSS JOIN LATERAL (
          SELECT r.ctid AS place
          FROM {schema}.job_ready r
          WHERE r.queue = ?
            AND r.priority = lane.priority
            AND r.xid >= lane.low
            AND r.xid < lane.high
            AND r.job_version <= (?::integer[])[array_position(?::text[], r.type)]
          ORDER BY r.xid, r.seq
          LIMIT ?
          FOR UPDATE SKIP LOCKED
        ) r
        WHERE EXISTS (
          SELECT FROM {schema}.job_claimers c
          JOIN {schema}.instances i ON i.id = c.instance_id
          WHERE c.instance_id = ?::uuid
            AND i.ended_at IS NULL
            AND i.expires_at > {now}
          FOR KEY SHARE OF c)
        LIMIT ?
      ), taken AS (
        DELETE FROM {schema}.job_ready r
        USING picked p
        WHERE r.ctid = p.place
        RETURNING r.job_id, r.epoch, r.queue, r.priority, r.type, r.job_version, r.attempt,
                  r.group_id, r.xid, r.seq
      ), leased AS (
        INSERT INTO {schema}.job_leases
          (job_id, epoch, instance_id, claimed_at, queue, priority, type, job_version, attempt,
           claimer, group_id)
        SELECT t.job_id, t.epoch + 1, ?::uuid, {now}, t.queue, t.priority, t.type, t.job_version,
               t.attempt, ?::uuid, t.group_id
        FROM taken t
      )
      SELECT t.job_id, t.epoch + 1, t.type, t.job_version, t.attempt,
             j.max_attempts, j.args, j.user_id, j.tenant_id, j.batch_id, j.parent_job_id,
             t.queue, t.group_id IS NOT NULL,
             j.timeout_ms, j.deadline, j.holds_key, {idle limit}
      FROM taken t
      JOIN {schema}.computational_jobs j ON j.id = t.job_id
      ORDER BY t.priority DESC, t.xid, t.seq
      """;

  private final String claim;
  private final Schema schema;
  private final String[] types;
  private final Integer[] versions;

  /** With the types that are handled here, and up to which version. */
  Claim(Schema schema, Map<String, Integer> handled) {
    this.claim = schema.render(CLAIM.replace("{idle limit}", IdleLimit.SET));
    this.schema = schema;
    this.types = handled.keySet().toArray(String[]::new);
    this.versions = handled.values().toArray(Integer[]::new);
  }

  /** The lanes of a queue, as this claimer will know them. */
  Lanes lanes(String queue) {
    return new Lanes(schema, queue, types, versions);
  }

  List<Claimed> next(Tx tx, UUID instance, UUID claimer, Lanes lanes, int limit) {
    List<Lanes.Place> places = lanes.places();
    return Sql.query(
        tx.connection(),
        claim,
        row -> claimed(row, instance),
        places.stream().map(Lanes.Place::priority).toArray(Integer[]::new),
        places.stream().map(place -> Long.toString(place.from())).toArray(String[]::new),
        places.stream().map(place -> Long.toString(place.to())).toArray(String[]::new),
        lanes.queue(),
        versions,
        types,
        limit,
        instance,
        limit,
        instance,
        claimer);
  }

  private static Claimed claimed(ResultSet row, UUID instance) throws SQLException {
    return new Claimed(
        row.getObject(1, UUID.class),
        row.getInt(2),
        instance,
        row.getInt(5),
        row.getInt(6),
        row.getString(3),
        row.getInt(4),
        Objects.requireNonNull(Sql.json(row, "args")),
        row.getObject(8, UUID.class),
        row.getString(9),
        row.getObject(10, UUID.class),
        row.getObject(11, UUID.class),
        row.getString(12),
        row.getBoolean(13),
        row.getObject(14) == null ? null : Duration.ofMillis(row.getLong(14)),
        Sql.instant(row, "deadline"),
        row.getBoolean(16));
  }
}
