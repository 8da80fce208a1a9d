package dev.plinth.jobs.internal;

import dev.plinth.core.event.Events;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobFailed;
import dev.plinth.jobs.JobId;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Records attempts that ended in an error: the job waits for another one, or is failed. */
final class Fail {
  private static final String FAIL =
      """
      WITH given AS MATERIALIZED (
        SELECT *
        FROM unnest((SELECT ?::uuid[]), ?::integer[], ?::uuid[], ?::bigint[], ?::text[], ?::text[], ?::text[],
                    ?::text[], ?::bigint[], ?::bigint[], ?::text[], ?::text[])
          AS g(job_id, epoch, batch_id, retry_ms, error_class, error, stack_trace,
               summary, done, total, note, outcome)
      ), gone AS (
        DELETE FROM {schema}.job_leases l
        USING given h
        WHERE {lease}
        RETURNING h.*, l.instance_id, l.claimed_at, l.queue, l.priority, l.type, l.job_version,
                  l.attempt, l.group_id
      ), attempted AS (
        INSERT INTO {schema}.job_attempts
          (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome,
           error_class, error, stack_trace)
        SELECT g.job_id, g.epoch, g.attempt, g.instance_id, g.claimed_at, {now},
               g.outcome, g.error_class, g.error, g.stack_trace
        FROM gone g
      ), waiting AS (
        INSERT INTO {schema}.job_delayed
          (job_id, run_at, queue, priority, type, job_version, epoch, attempt, group_id)
        SELECT g.job_id, {now} + make_interval(secs => g.retry_ms / 1000.0), g.queue, g.priority,
               g.type, g.job_version, g.epoch, g.attempt + 1, g.group_id
        FROM gone g
        WHERE g.retry_ms IS NOT NULL
      ), recorded AS (
        UPDATE {schema}.computational_jobs j
        SET status = CASE WHEN g.retry_ms IS NULL THEN 'failed' ELSE 'pending' END,
            error_recovery_attempts =
              j.error_recovery_attempts + CASE WHEN g.retry_ms IS NULL THEN 0 ELSE 1 END,
            error = g.summary,
            progress_done = g.done,
            progress_total = g.total,
            progress_note = g.note,
            started_at = g.claimed_at,
            completed_at = CASE WHEN g.retry_ms IS NULL THEN {now} END
        FROM gone g
        WHERE {record}
        RETURNING j.id, g.queue, g.type, g.attempt, g.claimed_at, g.retry_ms,
                  COALESCE(j.scheduled_at, j.created_at) AS due_at
      ), tallied AS (
        {tally}
      ), counted AS (
        INSERT INTO {schema}.batch_deltas (batch_id, failed, started_at)
        SELECT g.batch_id, count(*), min(g.claimed_at)
        FROM gone g
        WHERE g.batch_id IS NOT NULL
          AND g.retry_ms IS NULL
        GROUP BY g.batch_id
      ), signalled AS (
        INSERT INTO {schema}.job_signals (job_id)
        SELECT g.job_id
        FROM gone g
        WHERE g.retry_ms IS NULL
          AND EXISTS (SELECT FROM {schema}.job_edges e WHERE e.parent_id = g.job_id)
      )
      {ended}
      """;

  private final String fail;
  private final ProgressRows progressRows;
  private final Events events;

  Fail(Schema schema, ProgressRows progressRows, Events events) {
    this.fail =
        schema.render(
            FAIL.replace("{lease}", ByKey.lease("l", "h"))
                .replace("{record}", ByKey.equal("j.id", "g.job_id"))
                .replace(
                    "{tally}",
                    Tally.of(
                        "recorded g",
                        "CASE WHEN g.retry_ms IS NULL THEN 'failed' ELSE 'retried' END",
                        "g.due_at"))
                .replace("{ended}", Recorded.rows("recorded")));
    this.progressRows = progressRows;
    this.events = events;
  }

  /** Returns the ids of those whose claim still held; the others are unchanged. */
  Set<UUID> write(Tx tx, List<Ending.Failed> endings) {
    int n = endings.size();
    UUID[] ids = new UUID[n];
    Integer[] epochs = new Integer[n];
    UUID[] batches = new UUID[n];
    Long[] retries = new Long[n];
    String[] classes = new String[n];
    String[] messages = new String[n];
    String[] traces = new String[n];
    String[] summaries = new String[n];
    String[] outcomes = new String[n];
    Progresses progresses = new Progresses(n);
    for (int i = 0; i < n; i++) {
      Ending.Failed ending = endings.get(i);
      ids[i] = ending.job().id();
      epochs[i] = ending.job().epoch();
      batches[i] = ending.job().batchId();
      retries[i] = ending.retryAfter() == null ? null : ending.retryAfter().toMillis();
      classes[i] = ending.failure().errorClass();
      messages[i] = ending.failure().message();
      traces[i] = ending.failure().stackTrace();
      summaries[i] = ending.failure().summary();
      outcomes[i] = ending.outcome();
      progresses.set(i, ending.progress());
    }
    Set<UUID> held =
        new HashSet<>(
            Sql.query(
                tx.connection(),
                fail,
                Recorded::id,
                ids,
                epochs,
                batches,
                retries,
                classes,
                messages,
                traces,
                summaries,
                progresses.done(),
                progresses.total(),
                progresses.note(),
                outcomes));
    progressRows.forget(tx, List.copyOf(held));
    endings.stream()
        .filter(e -> e.isFinal() && held.contains(e.job().id()))
        .forEach(e -> events.publish(tx, event(e)));
    return held;
  }

  private static JobFailed event(Ending.Failed ending) {
    return new JobFailed(
        new JobId(ending.job().id()),
        ending.job().tenantId(),
        ending.job().userId(),
        ending.job().type(),
        ending.attempts(),
        ending.failure().errorClass());
  }
}
