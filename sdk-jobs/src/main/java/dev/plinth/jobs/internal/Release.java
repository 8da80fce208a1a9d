package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Gives claims back, so that the jobs run elsewhere at once. The attempt does not count; one that
 * had begun is told of in the attempts.
 */
final class Release {
  // SKIP LOCKED: a handler that was interrupted may still hold the fence, and a shutdown does not
  // wait for it. Such a job is rescued when its instance has ended.
  private static final String RELEASE =
      """
      WITH given AS MATERIALIZED (
        SELECT *
        FROM unnest((SELECT ?::uuid[]), ?::integer[], ?::integer[]) AS g(job_id, epoch, had_begun)
      ), held AS MATERIALIZED (
        SELECT g.*
        FROM given g
        CROSS JOIN LATERAL (
          SELECT
          FROM {schema}.job_leases l
          WHERE l.job_id = g.job_id
            AND l.epoch = g.epoch
          FOR UPDATE SKIP LOCKED
        ) l
      ), gone AS (
        DELETE FROM {schema}.job_leases l
        USING held h
        WHERE {lease}
        RETURNING l.*, h.had_begun
      ), attempted AS (
        INSERT INTO {schema}.job_attempts
          (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome)
        SELECT g.job_id, g.epoch, g.attempt, g.instance_id, g.claimed_at, {now}, 'released'
        FROM gone g
        WHERE g.had_begun = 1
      ), waiting AS (
        INSERT INTO {schema}.job_ready
          (job_id, queue, priority, type, job_version, epoch, attempt, group_id)
        SELECT g.job_id, g.queue, g.priority, g.type, g.job_version, g.epoch, g.attempt, g.group_id
        FROM gone g
      )
      SELECT g.job_id
      FROM gone g
      """
          .replace("{lease}", ByKey.lease("l", "h"));

  private final String release;

  Release(Schema schema) {
    this.release = schema.render(RELEASE);
  }

  /** Returns the ids of those whose claim still held and was free; the others are unchanged. */
  Set<UUID> write(Tx tx, List<Ending.Released> endings) {
    return write(
        tx,
        endings.stream().map(e -> e.job().id()).toArray(UUID[]::new),
        endings.stream().map(e -> e.job().epoch()).toArray(Integer[]::new),
        endings.stream().map(e -> e.begun() ? 1 : 0).toArray(Integer[]::new));
  }

  /** The same in columns. */
  Set<UUID> write(Tx tx, UUID[] jobs, Integer[] epochs, Integer[] begun) {
    return new HashSet<>(
        Sql.query(
            tx.connection(), release, row -> row.getObject(1, UUID.class), jobs, epochs, begun));
  }
}
