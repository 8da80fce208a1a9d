package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Records that jobs ended well, any number in one statement: the lease goes, the record is updated
 * once and tells of the attempt too, and the batches' deltas are appended.
 */
final class Complete {
  private static final String COMPLETE =
      """
      WITH given AS MATERIALIZED (
        SELECT *
        FROM {given}
          AS g(job_id, epoch, batch_id, result, done, total, note)
      ), gone AS (
        DELETE FROM {schema}.job_leases l
        USING given g
        WHERE {lease}
        RETURNING l.job_id, l.epoch, l.attempt, l.instance_id, l.claimed_at, l.queue, l.type,
                  g.batch_id, g.result, g.done, g.total, g.note
      ), recorded AS (
        UPDATE {schema}.computational_jobs j
        SET status = 'completed',
            instance_id = g.instance_id,
            epoch = g.epoch,
            attempt = g.attempt,
            result = g.result::jsonb,
            progress_done = g.done,
            progress_total = g.total,
            progress_note = g.note,
            started_at = g.claimed_at,
            completed_at = {now}
        FROM gone g
        WHERE {record}
        RETURNING j.id, g.queue, g.type, g.attempt, g.claimed_at,
                  COALESCE(j.scheduled_at, j.created_at) AS due_at
      ), tallied AS (
        {tally}
      ), counted AS (
        INSERT INTO {schema}.batch_deltas (batch_id, completed, started_at)
        SELECT g.batch_id, count(*), min(g.claimed_at)
        FROM gone g
        WHERE g.batch_id IS NOT NULL
        GROUP BY g.batch_id
      ), signalled AS (
        INSERT INTO {schema}.job_signals (job_id)
        SELECT g.job_id
        FROM gone g
        WHERE EXISTS (SELECT FROM {schema}.job_edges e WHERE e.parent_id = g.job_id)
      )
      {ended}
      """;

  private static final String MANY =
      "unnest((SELECT ?::uuid[]), ?::integer[], ?::uuid[], ?::text[], ?::bigint[], ?::bigint[],"
          + " ?::text[])";

  // Whatever the tables hold, the planner expects one row, and no less of a plan for this one than
  // of one for any: so it is planned once. To plan it takes longer than to execute it.
  private static final String ONE =
      "(SELECT ?::uuid, ?::integer, ?::uuid, ?::text, ?::bigint, ?::bigint, ?::text)";

  private final String complete;
  private final String completeOne;
  private final String completeIn;
  private final ProgressRows progressRows;

  Complete(Schema schema, ProgressRows progressRows) {
    String text =
        COMPLETE
            .replace("{lease}", ByKey.lease("l", "g"))
            .replace("{record}", ByKey.equal("j.id", "g.job_id"))
            .replace("{tally}", Tally.of("recorded g", "'completed'", "g.due_at"));
    String own = text.replace("{ended}", Recorded.rows("recorded"));
    String hosts = text.replace("{ended}", Recorded.rowsInHostsTransaction("recorded"));
    this.complete = schema.render(own.replace("{given}", MANY));
    this.completeOne = schema.render(own.replace("{given}", ONE));
    this.completeIn = schema.render(hosts.replace("{given}", ONE));
    this.progressRows = progressRows;
  }

  /** Returns the ids of those whose claim still held; the others are unchanged. */
  Set<UUID> write(Tx tx, List<Ending.Completed> endings) {
    return endings.size() == 1
        ? write(tx, completeOne, endings.get(0))
        : forgotten(tx, endings, held(tx, endings));
  }

  /** The same of one job, in a transaction that is the host's. */
  Set<UUID> writeInHostsTransaction(Tx tx, Ending.Completed ending) {
    return write(tx, completeIn, ending);
  }

  private Set<UUID> write(Tx tx, String statement, Ending.Completed ending) {
    Progresses progresses = new Progresses(1);
    progresses.set(0, ending.progress());
    List<UUID> held =
        Sql.query(
            tx.connection(),
            statement,
            Recorded::id,
            ending.job().id(),
            ending.job().epoch(),
            ending.job().batchId(),
            ending.result() == null ? null : ending.result().text(),
            progresses.done()[0],
            progresses.total()[0],
            progresses.note()[0]);
    return forgotten(tx, List.of(ending), new HashSet<>(held));
  }

  private Set<UUID> held(Tx tx, List<Ending.Completed> endings) {
    int n = endings.size();
    UUID[] ids = new UUID[n];
    Integer[] epochs = new Integer[n];
    UUID[] batches = new UUID[n];
    String[] results = new String[n];
    Progresses progresses = new Progresses(n);
    for (int i = 0; i < n; i++) {
      Ending.Completed ending = endings.get(i);
      ids[i] = ending.job().id();
      epochs[i] = ending.job().epoch();
      batches[i] = ending.job().batchId();
      results[i] = ending.result() == null ? null : ending.result().text();
      progresses.set(i, ending.progress());
    }
    return new HashSet<>(
        Sql.query(
            tx.connection(),
            complete,
            Recorded::id,
            ids,
            epochs,
            batches,
            results,
            progresses.done(),
            progresses.total(),
            progresses.note()));
  }

  private Set<UUID> forgotten(Tx tx, List<Ending.Completed> endings, Set<UUID> held) {
    progressRows.forget(
        tx,
        endings.stream()
            .filter(e -> e.progress() != null || e.job().epoch() > 1)
            .map(e -> e.job().id())
            .filter(held::contains)
            .toList());
    return held;
  }
}
