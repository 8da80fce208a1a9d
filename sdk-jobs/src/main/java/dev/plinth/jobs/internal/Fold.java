package dev.plinth.jobs.internal;

import dev.plinth.core.event.Events;
import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.BatchCompleted;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Folds appended deltas into batch counters, and ends batches whose jobs have all ended: status,
 * callback and event in one transaction, under the batch's row lock, and so once.
 */
final class Fold implements Sweep {
  private static final int AT_ONCE = 100;
  private static final int ITEMS = 10_000;

  // The lock comes in a statement of its own: the next one then sees every delta that was committed
  // before the lock was had, and none that another fold has already added.
  private static final String LOCK =
      """
      SELECT b.id
      FROM {schema}.batch_job_collections b
      WHERE b.id IN (SELECT d.batch_id FROM {schema}.batch_deltas d)
      LIMIT ?
      FOR NO KEY UPDATE SKIP LOCKED
      """;
  private static final String LOCK_ONE =
      """
      SELECT b.id
      FROM {schema}.batch_job_collections b
      WHERE b.id = ?
      FOR NO KEY UPDATE SKIP LOCKED
      """;
  private static final String TOUCHED =
      """
      SELECT b.id
      FROM {schema}.batch_job_collections b
      WHERE b.id IN (SELECT d.batch_id FROM {schema}.batch_deltas d)
      LIMIT ?
      """;
  private static final String FOLD =
      """
      WITH gone AS (
        DELETE FROM {schema}.batch_deltas d
        WHERE d.batch_id = ANY (?::uuid[])
        RETURNING d.batch_id, d.total, d.completed, d.failed, d.started_at
      ), sums AS (
        SELECT g.batch_id, sum(g.total)::bigint AS total, sum(g.completed)::bigint AS completed,
               sum(g.failed)::bigint AS failed, min(g.started_at) AS started_at
        FROM gone g
        GROUP BY g.batch_id
      )
      UPDATE {schema}.batch_job_collections b
      SET total_jobs = b.total_jobs + s.total,
          completed_jobs = b.completed_jobs + s.completed,
          failed_jobs = b.failed_jobs + s.failed,
          started_at = LEAST(b.started_at, s.started_at)
      FROM sums s
      WHERE b.id = s.batch_id
      """;
  private static final String END =
      """
      UPDATE {schema}.batch_job_collections b
      SET status = CASE WHEN b.failed_jobs = 0 THEN 'completed' ELSE 'failed' END,
          completed_at = {now}
      WHERE b.id = ANY (?::uuid[])
        AND b.status = 'sealed'
        AND b.total_jobs = b.completed_jobs + b.failed_jobs
      RETURNING b.id, b.tenant_id, b.user_id, b.collection_name, b.total_jobs, b.completed_jobs,
                b.failed_jobs, b.callback
      """;
  private static final String CALLED =
      """
      UPDATE {schema}.batch_job_collections
      SET callback_job_id = ?
      WHERE id = ?
      """;

  private final String lock;
  private final String lockOne;
  private final String touched;
  private final String fold;
  private final String end;
  private final String called;
  private final Enqueue enqueue;
  private final JsonCodec json;
  private final Events events;
  private final Hints hints;

  Fold(Schema schema, Enqueue enqueue, JsonCodec json, Events events, Hints hints) {
    this.lock = schema.render(LOCK);
    this.lockOne = schema.render(LOCK_ONE);
    this.touched = schema.render(TOUCHED);
    this.fold = schema.render(FOLD);
    this.end = schema.render(END);
    this.called = schema.render(CALLED);
    this.enqueue = enqueue;
    this.json = json;
    this.events = events;
    this.hints = hints;
  }

  /** Folds what nobody else is folding. */
  @Override
  public boolean chunk(Tx tx) {
    return fold(tx, lock, AT_ONCE) == AT_ONCE;
  }

  @Override
  public List<UUID> items(Tx tx) {
    return Sql.query(tx.connection(), touched, row -> row.getObject(1, UUID.class), ITEMS);
  }

  @Override
  public void item(Tx tx, UUID id) {
    fold(tx, lockOne, id);
  }

  private int fold(Tx tx, String locking, Object parameter) {
    UUID[] batches =
        Sql.query(tx.connection(), locking, row -> row.getObject(1, UUID.class), parameter)
            .toArray(UUID[]::new);
    if (batches.length > 0) {
      locked(tx, batches);
    }
    return batches.length;
  }

  /** Folds batches whose rows this transaction has locked. */
  private void locked(Tx tx, UUID[] batches) {
    Sql.update(tx.connection(), fold, (Object) batches);
    List<Ended> ended =
        Sql.query(
            tx.connection(),
            end,
            row ->
                new Ended(
                    new BatchCompleted(
                        new BatchId(row.getObject("id", UUID.class)),
                        Sql.uuid(row, "user_id"),
                        row.getString("collection_name"),
                        row.getLong("total_jobs"),
                        row.getLong("completed_jobs"),
                        row.getLong("failed_jobs")),
                    row.getString("tenant_id"),
                    Sql.json(row, "callback")),
            (Object) batches);
    for (Ended batch : ended) {
      if (batch.callback() != null) {
        call(tx, batch, batch.callback());
      }
      events.publish(tx, batch.event());
    }
  }

  private void call(Tx tx, Ended batch, Json document) {
    Callback callback = json.read(document, Callback.class);
    UUID owner = batch.event().userId();
    JobId job =
        enqueue
            .write(
                tx,
                new Enqueue.Common(
                    batch.tenant(),
                    callback.type(),
                    callback.version(),
                    callback.queue(),
                    callback.maxAttempts(),
                    owner == null ? JobOptions.defaults() : JobOptions.defaults().user(owner),
                    false),
                List.of(Json.of(callback.args())))
            .get(0);
    Sql.update(tx.connection(), called, job.value(), batch.event().batchId().value());
    hints.ready(tx, callback.queue());
  }

  private record Ended(BatchCompleted event, @Nullable String tenant, @Nullable Json callback) {}

  /** The column {@code callback}; the arguments are a document inside a text. */
  record Callback(String type, int version, String queue, int maxAttempts, String args) {
    Callback {
      Objects.requireNonNull(type);
    }
  }
}
