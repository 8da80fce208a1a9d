package dev.plinth.jobs.internal;

import dev.plinth.core.event.Events;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobCancelled;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobStatus;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Ends claims on jobs that were cancelled while an instance had them. */
final class Cancel {
  private static final String CANCEL =
      """
      WITH given AS MATERIALIZED (
        SELECT *
        FROM unnest((SELECT ?::uuid[]), ?::integer[], ?::uuid[], ?::integer[], ?::text[], ?::text[], ?::text[],
                    ?::text[], ?::bigint[], ?::bigint[], ?::text[])
          AS g(job_id, epoch, batch_id, had_begun, error_class, error, stack_trace, summary, done,
               total, note)
      ), gone AS (
        DELETE FROM {schema}.job_leases l
        USING given h
        WHERE {lease}
        RETURNING h.*, l.instance_id, l.claimed_at, l.queue, l.type, l.attempt
      ), attempted AS (
        INSERT INTO {schema}.job_attempts
          (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome,
           error_class, error, stack_trace)
        SELECT g.job_id, g.epoch, g.attempt, g.instance_id, g.claimed_at, {now}, 'cancelled',
               g.error_class, g.error, g.stack_trace
        FROM gone g
        WHERE g.had_begun = 1
      ), forgotten AS (
        DELETE FROM {schema}.job_cancels c
        USING gone g
        WHERE {request}
      ), cancelled AS (
        UPDATE {schema}.computational_jobs j
        SET status = 'cancelled',
            error = g.summary,
            progress_done = COALESCE(g.done, j.progress_done),
            progress_total = COALESCE(g.total, j.progress_total),
            progress_note = CASE WHEN g.done IS NULL THEN j.progress_note ELSE g.note END,
            started_at = CASE WHEN g.had_begun = 1 THEN g.claimed_at ELSE j.started_at END,
            completed_at = {now}
        FROM gone g
        WHERE {record}
        RETURNING j.id, g.batch_id, j.started_at, g.queue, g.type, g.attempt, g.claimed_at,
                  g.had_begun,
                  COALESCE(j.scheduled_at, j.created_at) AS due_at
      ), tallied AS (
        {tally}
      ), {counted}, {signalled}
      {ended}
      """
          .replace("{lease}", ByKey.lease("l", "h"))
          .replace("{request}", ByKey.equal("c.job_id", "g.job_id"))
          .replace("{record}", ByKey.equal("j.id", "g.job_id"))
          .replace(
              "{tally}", Tally.of("cancelled g WHERE g.had_begun = 1", "'cancelled'", "g.due_at"))
          .replace("{ended}", Recorded.rows("cancelled"))
          .replace("{counted}", CancelledInBatch.COUNTED)
          .replace("{signalled}", CancelledInBatch.SIGNALLED);

  private final String cancel;
  private final ProgressRows progressRows;
  private final UniqueKeys uniqueKeys;
  private final DeadlineRows deadlineRows;
  private final Events events;

  Cancel(
      Schema schema,
      ProgressRows progressRows,
      UniqueKeys uniqueKeys,
      DeadlineRows deadlineRows,
      Events events) {
    this.cancel = schema.render(CANCEL);
    this.deadlineRows = deadlineRows;
    this.progressRows = progressRows;
    this.uniqueKeys = uniqueKeys;
    this.events = events;
  }

  /** Returns the ids of those whose claim still held; the others are unchanged. */
  Set<UUID> write(Tx tx, List<Ending.Cancelled> endings) {
    int n = endings.size();
    UUID[] ids = new UUID[n];
    Integer[] epochs = new Integer[n];
    UUID[] batches = new UUID[n];
    Integer[] begun = new Integer[n];
    String[] classes = new String[n];
    String[] messages = new String[n];
    String[] traces = new String[n];
    String[] summaries = new String[n];
    Progresses progresses = new Progresses(n);
    for (int i = 0; i < n; i++) {
      Ending.Cancelled ending = endings.get(i);
      Failure failure = ending.failure();
      ids[i] = ending.job().id();
      epochs[i] = ending.job().epoch();
      batches[i] = ending.job().batchId();
      begun[i] = ending.begun() ? 1 : 0;
      summaries[i] = ending.cancellation().toString();
      classes[i] = failure == null ? null : failure.errorClass();
      messages[i] = summaries[i];
      traces[i] = failure == null ? null : failure.stackTrace();
      progresses.set(i, ending.progress());
    }
    Set<UUID> held =
        new HashSet<>(
            Sql.query(
                tx.connection(),
                cancel,
                Recorded::id,
                ids,
                epochs,
                batches,
                begun,
                classes,
                messages,
                traces,
                summaries,
                progresses.done(),
                progresses.total(),
                progresses.note()));
    List<Ending.Cancelled> written =
        endings.stream().filter(e -> held.contains(e.job().id())).toList();
    progressRows.forget(tx, List.copyOf(held));
    uniqueKeys.free(
        tx,
        written.stream().filter(e -> e.job().holdsKey()).map(e -> e.job().id()).toList(),
        JobStatus.CANCELLED);
    deadlineRows.ended(
        tx,
        written.stream().filter(e -> e.job().deadline() != null).map(e -> e.job().id()).toList());
    written.forEach(e -> events.publish(tx, event(e)));
    return held;
  }

  private static JobCancelled event(Ending.Cancelled ending) {
    return new JobCancelled(
        new JobId(ending.job().id()),
        ending.job().tenantId(),
        ending.job().userId(),
        ending.job().type(),
        ending.begun(),
        ending.cancellation());
  }
}
