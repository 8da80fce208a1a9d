package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Puts jobs off at their handlers' wish: the same attempt comes again later, at the deadline at the
 * latest.
 */
final class Snooze {
  private static final String SNOOZE =
      """
      WITH given AS MATERIALIZED (
        SELECT *
        FROM unnest((SELECT ?::uuid[]), ?::integer[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[])
          AS g(job_id, epoch, delay_ms, done, total, note)
      ), gone AS (
        DELETE FROM {schema}.job_leases l
        USING given h
        WHERE {lease}
        RETURNING h.*, l.instance_id, l.claimed_at, l.queue, l.priority, l.type, l.job_version,
                  l.attempt, l.group_id
      ), attempted AS (
        INSERT INTO {schema}.job_attempts
          (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome)
        SELECT g.job_id, g.epoch, g.attempt, g.instance_id, g.claimed_at, {now}, 'snoozed'
        FROM gone g
      ), recorded AS (
        UPDATE {schema}.computational_jobs j
        SET progress_done = COALESCE(g.done, j.progress_done),
            progress_total = COALESCE(g.total, j.progress_total),
            progress_note = CASE WHEN g.done IS NULL THEN j.progress_note ELSE g.note END,
            started_at = g.claimed_at
        FROM gone g
        WHERE {record}
        RETURNING j.id, j.deadline, COALESCE(j.scheduled_at, j.created_at) AS due_at, g.*
      ), tallied AS (
        {tally}
      ), waiting AS (
        INSERT INTO {schema}.job_delayed
          (job_id, run_at, queue, priority, type, job_version, epoch, attempt, group_id)
        SELECT g.job_id,
               LEAST({now} + make_interval(secs => g.delay_ms / 1000.0), g.deadline),
               g.queue, g.priority, g.type, g.job_version, g.epoch, g.attempt, g.group_id
        FROM recorded g
      )
      {ended}
      """
          .replace("{lease}", ByKey.lease("l", "h"))
          .replace("{record}", ByKey.equal("j.id", "g.job_id"))
          .replace("{tally}", Tally.of("recorded g", "'snoozed'", "g.due_at"))
          .replace("{ended}", Recorded.rows("recorded"));

  private final String snooze;
  private final ProgressRows progressRows;

  Snooze(Schema schema, ProgressRows progressRows) {
    this.snooze = schema.render(SNOOZE);
    this.progressRows = progressRows;
  }

  /** Returns the ids of those whose claim still held; the others are unchanged. */
  Set<UUID> write(Tx tx, List<Ending.Snoozed> endings) {
    int n = endings.size();
    UUID[] ids = new UUID[n];
    Integer[] epochs = new Integer[n];
    Long[] delays = new Long[n];
    Progresses progresses = new Progresses(n);
    for (int i = 0; i < n; i++) {
      Ending.Snoozed ending = endings.get(i);
      ids[i] = ending.job().id();
      epochs[i] = ending.job().epoch();
      delays[i] = ending.delay().toMillis();
      progresses.set(i, ending.progress());
    }
    Set<UUID> held =
        new HashSet<>(
            Sql.query(
                tx.connection(),
                snooze,
                Recorded::id,
                ids,
                epochs,
                delays,
                progresses.done(),
                progresses.total(),
                progresses.note()));
    progressRows.forget(tx, List.copyOf(held));
    return held;
  }
}
