package dev.plinth.jobs.internal;

import dev.plinth.core.event.Events;
import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Batch;
import dev.plinth.jobs.BatchCompleted;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Ends batches in which everything has ended: status, callbacks, the count in the batch around them
 * and the event in the transaction of the fold, which holds the batches' rows, and so once.
 */
final class EndBatches {
  private static final String END =
      """
      UPDATE {schema}.batch_job_collections b
      SET status = CASE
            WHEN b.failed_jobs + b.failed_batches = 0 THEN 'completed'
            WHEN b.failed_jobs + b.failed_batches = b.cancelled_jobs + b.cancelled_batches
              THEN 'cancelled'
            ELSE 'failed'
          END,
          completed_at = {now}
      WHERE b.id = ANY (?::uuid[])
        AND b.status = 'sealed'
        AND b.total_jobs = b.completed_jobs + b.failed_jobs
        AND b.total_batches = b.completed_batches + b.failed_batches
      RETURNING b.id, b.tenant_id, b.user_id, b.collection_name, b.status, b.total_jobs,
                b.completed_jobs, b.failed_jobs, b.cancelled_jobs, b.parent_id, b.callback,
                b.success_callback, b.failure_callback
      """;
  private static final String CALLED =
      """
      UPDATE {schema}.batch_job_collections
      SET callback_job_id = ?,
          success_callback_job_id = ?,
          failure_callback_job_id = ?
      WHERE id = ?
      """;
  // The row around is not touched: its counters are folded like any others.
  private static final String COUNT =
      """
      INSERT INTO {schema}.batch_deltas
        (batch_id, completed_batches, failed_batches, cancelled_batches, started_at)
      SELECT b.parent_id,
             CASE WHEN b.status = 'completed' THEN 1 ELSE 0 END,
             CASE WHEN b.status = 'completed' THEN 0 ELSE 1 END,
             CASE WHEN b.status = 'cancelled' THEN 1 ELSE 0 END,
             b.started_at
      FROM {schema}.batch_job_collections b
      WHERE b.id = ?
      """;

  private final String end;
  private final String called;
  private final String count;
  private final Enqueue enqueue;
  private final JsonCodec json;
  private final Events events;
  private final Hints hints;

  EndBatches(Schema schema, Enqueue enqueue, JsonCodec json, Events events, Hints hints) {
    this.end = schema.render(END);
    this.called = schema.render(CALLED);
    this.count = schema.render(COUNT);
    this.enqueue = enqueue;
    this.json = json;
    this.events = events;
    this.hints = hints;
  }

  private record Ended(
      BatchCompleted event,
      @Nullable UUID parent,
      @Nullable Json always,
      @Nullable Json success,
      @Nullable Json failure) {
    boolean well() {
      return event.status() == Batch.Status.COMPLETED;
    }

    boolean calls() {
      return always != null || (well() ? success : failure) != null;
    }
  }

  /** Ends those of the batches that have come to their end; this transaction holds their rows. */
  void write(Tx tx, UUID[] batches) {
    for (Ended batch : Sql.query(tx.connection(), end, EndBatches::ended, (Object) batches)) {
      UUID id = batch.event().batchId().value();
      if (batch.calls()) {
        Sql.update(
            tx.connection(),
            called,
            call(tx, batch, batch.always()),
            call(tx, batch, batch.well() ? batch.success() : null),
            call(tx, batch, batch.well() ? null : batch.failure()),
            id);
      }
      if (batch.parent() != null) {
        Sql.update(tx.connection(), count, id);
        hints.anything(tx);
      }
      events.publish(tx, batch.event());
    }
  }

  private @Nullable UUID call(Tx tx, Ended batch, @Nullable Json document) {
    return call(tx, batch.event().tenantId(), batch.event().userId(), document);
  }

  /** The id of the job that was enqueued, if any. */
  @Nullable UUID call(
      Tx tx, @Nullable String tenant, @Nullable UUID owner, @Nullable Json document) {
    if (document == null) {
      return null;
    }
    Callback callback = json.read(document, Callback.class);
    JobOptions options =
        JobOptions.defaults().priority(callback.priority() == null ? 0 : callback.priority());
    JobId job =
        enqueue
            .write(
                tx,
                new Enqueue.Common(
                    tenant,
                    callback.type(),
                    callback.version(),
                    callback.queue(),
                    callback.maxAttempts(),
                    owner == null ? options : options.user(owner),
                    false),
                List.of(Json.of(callback.args())))
            .get(0);
    hints.ready(tx, callback.queue());
    return job.value();
  }

  private static Ended ended(ResultSet row) throws SQLException {
    return new Ended(
        new BatchCompleted(
            new BatchId(row.getObject("id", UUID.class)),
            row.getString("tenant_id"),
            Sql.uuid(row, "user_id"),
            row.getString("collection_name"),
            Batch.Status.valueOf(row.getString("status").toUpperCase(Locale.ROOT)),
            row.getLong("total_jobs"),
            row.getLong("completed_jobs"),
            row.getLong("failed_jobs"),
            row.getLong("cancelled_jobs")),
        Sql.uuid(row, "parent_id"),
        Sql.json(row, "callback"),
        Sql.json(row, "success_callback"),
        Sql.json(row, "failure_callback"));
  }

  /**
   * The columns for callbacks; the arguments are a document inside a text. The priority is missing
   * where an earlier version wrote it.
   */
  record Callback(
      String type,
      int version,
      String queue,
      @Nullable Integer priority,
      int maxAttempts,
      String args) {
    Callback {
      Objects.requireNonNull(type);
    }
  }
}
