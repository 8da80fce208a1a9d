package dev.plinth.jobs.internal;

import dev.plinth.core.event.Events;
import dev.plinth.core.instance.Instances;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobFailed;
import dev.plinth.jobs.JobId;
import java.util.List;
import java.util.UUID;

/**
 * Takes jobs away from instances that are dead by the database's clock. The attempt counts, so that
 * a job that kills its process is failed in the end; but the last one only when it had begun, so
 * that no job is failed that merely waited behind others.
 */
final class Rescue implements Sweep {
  private static final int AT_ONCE = 500;
  private static final int ITEMS = 10_000;

  // Not from the own instance: when that is declared dead it hears of it soon and takes another id,
  // and until then it would claim the job again only to lose it once more.
  // A lease whose fence is held is skipped: the handler's transaction is still open.
  // The job is read before its lease goes: where row-level security hides the one, the other stays.
  private static final String RESCUE =
      """
      WITH lost AS MATERIALIZED (
        SELECT l.job_id
        FROM {schema}.job_leases l
        WHERE l.instance_id = ANY (?::uuid[])
          AND {which}
        LIMIT ?
        FOR UPDATE OF l SKIP LOCKED
      ), seen AS MATERIALIZED (
        SELECT j.id, j.batch_id, j.tenant_id, j.user_id, j.max_attempts, j.deadline
        FROM lost
        JOIN {schema}.computational_jobs j ON j.id = lost.job_id
      ), judged AS (
        DELETE FROM {schema}.job_leases l
        USING seen s
        WHERE {lease}
        RETURNING l.*, s.batch_id, s.tenant_id, s.user_id, s.deadline,
                  l.attempt < s.max_attempts AS counts,
                  l.attempt >= s.max_attempts AND l.begun AS exhausted
      ), attempted AS (
        INSERT INTO {schema}.job_attempts
          (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome, error)
        SELECT g.job_id, g.epoch, g.attempt, g.instance_id, g.claimed_at, {now},
               CASE WHEN g.exhausted THEN 'failed' ELSE 'lost' END,
               'Instance ' || g.instance_id || ' died'
        FROM judged g
      ), waiting AS (
        INSERT INTO {schema}.job_ready
          (job_id, queue, priority, type, job_version, epoch, attempt, group_id)
        SELECT g.job_id, g.queue, g.priority, g.type, g.job_version, g.epoch,
               g.attempt + CASE WHEN g.counts THEN 1 ELSE 0 END, g.group_id
        FROM judged g
        WHERE NOT g.exhausted
      ), recorded AS (
        UPDATE {schema}.computational_jobs j
        SET status = CASE WHEN g.exhausted THEN 'failed' ELSE 'pending' END,
            error_recovery_attempts =
              j.error_recovery_attempts + CASE WHEN g.counts THEN 1 ELSE 0 END,
            error = 'Instance ' || g.instance_id || ' died',
            started_at = g.claimed_at,
            completed_at = CASE WHEN g.exhausted THEN {now} END
        FROM judged g
        WHERE {record}
      ), tallied AS (
        {tally}
      ), counted AS (
        INSERT INTO {schema}.batch_deltas (batch_id, failed, started_at)
        SELECT g.batch_id, count(*), min(g.claimed_at)
        FROM judged g
        WHERE g.batch_id IS NOT NULL
          AND g.exhausted
        GROUP BY g.batch_id
      ), signalled AS (
        INSERT INTO {schema}.job_signals (job_id)
        SELECT g.job_id
        FROM judged g
        WHERE g.exhausted
          AND EXISTS (SELECT FROM {schema}.job_edges e WHERE e.parent_id = g.job_id)
      )
      SELECT g.job_id, g.tenant_id, g.user_id, g.type, g.attempt, g.exhausted,
             g.deadline IS NOT NULL AS has_deadline, g.group_id IS NOT NULL AS was_counted
      FROM judged g
      """
          .replace(
              "{tally}",
              Tally.of(
                  "judged g",
                  "CASE WHEN g.exhausted THEN 'failed' ELSE 'lost' END",
                  "NULL::timestamptz"))
          .replace("{lease}", ByKey.equal("l.job_id", "s.id"))
          .replace("{record}", ByKey.equal("j.id", "g.job_id"));

  private static final String LOST =
      """
      SELECT l.job_id
      FROM {schema}.job_leases l
      WHERE l.instance_id = ANY (?::uuid[])
      LIMIT ?
      """;

  private final String rescue;
  private final String rescueOne;
  private final String lost;
  private final Instances instances;
  private final Claimers claimers;
  private final DeadlineRows deadlineRows;
  private final GateHints gateHints;
  private final Events events;

  private record Rescued(
      JobFailed event, boolean exhausted, boolean hasDeadline, boolean wasCounted) {}

  Rescue(
      Schema schema,
      Instances instances,
      Claimers claimers,
      DeadlineRows deadlineRows,
      GateHints gateHints,
      Events events) {
    this.deadlineRows = deadlineRows;
    this.gateHints = gateHints;
    this.instances = instances;
    this.claimers = claimers;
    this.rescue = schema.render(RESCUE.replace("{which}", "TRUE"));
    this.rescueOne = schema.render(RESCUE.replace("{which}", "l.job_id = ?"));
    this.lost = schema.render(LOST);
    this.events = events;
  }

  /** Looks through the leases only when somebody who may hold some is dead. */
  @Override
  public boolean chunk(Tx tx) {
    List<UUID> dead = claimers.dead(tx, instances.id());
    if (dead.isEmpty()) {
      return false;
    }
    boolean took = take(tx, rescue, array(dead), AT_ONCE) > 0;
    if (!took) {
      claimers.forget(tx, dead);
    }
    return took;
  }

  @Override
  public List<UUID> items(Tx tx) {
    List<UUID> dead = claimers.dead(tx, instances.id());
    return Sql.query(
        tx.connection(), lost, row -> row.getObject(1, UUID.class), array(dead), ITEMS);
  }

  @Override
  public void item(Tx tx, UUID id) {
    take(tx, rescueOne, array(claimers.dead(tx, instances.id())), id, 1);
  }

  private static Object array(List<UUID> instances) {
    return instances.toArray(UUID[]::new);
  }

  /** Returns how many jobs were taken away. */
  private int take(Tx tx, String statement, Object... parameters) {
    List<Rescued> rescued =
        Sql.query(
            tx.connection(),
            statement,
            row ->
                new Rescued(
                    new JobFailed(
                        new JobId(row.getObject("job_id", UUID.class)),
                        row.getString("tenant_id"),
                        Sql.uuid(row, "user_id"),
                        row.getString("type"),
                        row.getInt("attempt"),
                        null),
                    row.getBoolean("exhausted"),
                    row.getBoolean("has_deadline"),
                    row.getBoolean("was_counted")),
            parameters);
    List<Rescued> failed = rescued.stream().filter(Rescued::exhausted).toList();
    deadlineRows.ended(
        tx,
        failed.stream()
            .filter(Rescued::hasDeadline)
            .map(job -> job.event().jobId().value())
            .toList());
    if (failed.stream().anyMatch(Rescued::wasCounted)) {
      gateHints.parked(tx);
    }
    failed.forEach(job -> events.publish(tx, job.event()));
    return rescued.size();
  }
}
