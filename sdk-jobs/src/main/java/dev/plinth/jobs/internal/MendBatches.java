package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobOptions;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Sets right what batches say of themselves, under the batch's lock, which keeps the fold out. */
final class MendBatches {
  private static final String LOCK =
      """
      SELECT b.status, b.total_jobs, b.completed_jobs, b.failed_jobs, b.tenant_id, b.user_id,
             b.callback, b.callback_job_id,
             b.created_at < (
               SELECT m.at FROM {schema}.job_marks m WHERE m.name = 'removed') AS is_old
      FROM {schema}.batch_job_collections b
      WHERE b.id = ?
      FOR UPDATE
      """;
  // In one snapshot: an end is either in the rows and among the deltas that go, or in neither.
  private static final String RECOUNT =
      """
      WITH gone AS (
        DELETE FROM {schema}.batch_deltas d
        WHERE d.batch_id = ?
        RETURNING d.total, d.completed, d.failed, d.started_at
      ), sums AS (
        SELECT COALESCE(sum(g.total), 0) AS total, COALESCE(sum(g.completed), 0) AS completed,
               COALESCE(sum(g.failed), 0) AS failed, min(g.started_at) AS started_at
        FROM gone g
      ), rows AS (
        SELECT count(*) AS total,
               count(*) FILTER (WHERE j.status = 'completed') AS completed,
               count(*) FILTER (WHERE j.status = 'failed') AS failed
        FROM {schema}.computational_jobs j
        WHERE j.batch_id = ?
      ), before AS (
        SELECT b.total_jobs + s.total AS total, b.completed_jobs + s.completed AS completed,
               b.failed_jobs + s.failed AS failed
        FROM {schema}.batch_job_collections b, sums s
        WHERE b.id = ?
      )
      UPDATE {schema}.batch_job_collections b
      SET total_jobs = r.total,
          completed_jobs = r.completed,
          failed_jobs = r.failed,
          started_at = LEAST(b.started_at, s.started_at)
      FROM rows r, sums s, before o
      WHERE b.id = ?
      RETURNING (o.total, o.completed, o.failed) IS DISTINCT FROM (r.total, r.completed, r.failed)
                  AS differed
      """;
  private static final String TOUCH =
      """
      INSERT INTO {schema}.batch_deltas (batch_id, total)
      VALUES (?, 0)
      """;
  private static final String CALLED =
      """
      UPDATE {schema}.batch_job_collections
      SET callback_job_id = ?
      WHERE id = ?
      """;
  private static final String STATUS =
      """
      UPDATE {schema}.batch_job_collections b
      SET status = CASE WHEN b.failed_jobs = 0 THEN 'completed' ELSE 'failed' END,
          completed_at = COALESCE(b.completed_at, {now})
      WHERE b.id = ?
      """;
  private static final String EXISTS =
      """
      SELECT 1
      FROM {schema}.computational_jobs
      WHERE id = ?
      """;

  private final String lock;
  private final String recount;
  private final String touch;
  private final String called;
  private final String status;
  private final String exists;
  private final Enqueue enqueue;
  private final JsonCodec json;

  MendBatches(Schema schema, Enqueue enqueue, JsonCodec json) {
    this.lock = schema.render(LOCK);
    this.recount = schema.render(RECOUNT);
    this.touch = schema.render(TOUCH);
    this.called = schema.render(CALLED);
    this.status = schema.render(STATUS);
    this.exists = schema.render(EXISTS);
    this.enqueue = enqueue;
    this.json = json;
  }

  private record Row(
      String status,
      long total,
      long completed,
      long failed,
      @Nullable String tenant,
      @Nullable UUID user,
      @Nullable Json callback,
      @Nullable UUID callbackJob,
      boolean isOld) {
    boolean isEnded() {
      return status.equals("completed") || status.equals("failed");
    }

    boolean isCounted() {
      return total == completed + failed;
    }
  }

  private Optional<Row> lock(Tx tx, UUID batch) {
    return Sql.first(
        tx.connection(),
        lock,
        row ->
            new Row(
                row.getString("status"),
                row.getLong("total_jobs"),
                row.getLong("completed_jobs"),
                row.getLong("failed_jobs"),
                row.getString("tenant_id"),
                Sql.uuid(row, "user_id"),
                Sql.json(row, "callback"),
                Sql.uuid(row, "callback_job_id"),
                row.getBoolean("is_old")),
        batch);
  }

  /** One whose counters differ from the rows. */
  Mend.Mended recount(Tx tx, UUID batch) {
    Optional<Row> row = lock(tx, batch);
    if (row.isEmpty()) {
      return Mend.Mended.gone();
    }
    if (row.get().isOld()) {
      return Mend.Mended.left(
          "Some of its jobs may have been removed for their age, so they cannot be counted again");
    }
    boolean differed =
        Sql.query(
                tx.connection(),
                recount,
                found -> found.getBoolean("differed"),
                batch,
                batch,
                batch,
                batch)
            .get(0);
    // Has the fold look whether it has ended.
    Sql.update(tx.connection(), touch, batch);
    return differed
        ? Mend.Mended.mended("Its counters are made from the rows")
        : Mend.Mended.gone();
  }

  /** One whose status, counters and callback do not go together. */
  Mend.Mended end(Tx tx, UUID batch) {
    Optional<Row> found = lock(tx, batch);
    if (found.isEmpty()) {
      return Mend.Mended.gone();
    }
    Row row = found.get();
    return row.isEnded() ? ended(tx, batch, row) : notEnded(tx, batch, row);
  }

  private Mend.Mended ended(Tx tx, UUID batch, Row row) {
    if (!row.isCounted()) {
      return Mend.Mended.left(
          "It has ended, though not all of its jobs have: they run on, and its callback is not"
              + " called again; cancel what should not run");
    }
    boolean rightly = row.status().equals("completed") == (row.failed() == 0);
    boolean uncalled = row.callback() != null && row.callbackJob() == null;
    if (!rightly) {
      Sql.update(tx.connection(), status, batch);
    }
    if (uncalled) {
      call(tx, batch, row);
    }
    if (rightly && !uncalled) {
      return Mend.Mended.gone();
    }
    return Mend.Mended.mended(
        uncalled ? "Its callback is enqueued" : "Its status says how its jobs ended");
  }

  private Mend.Mended notEnded(Tx tx, UUID batch, Row row) {
    UUID callback = row.callbackJob();
    if (callback == null) {
      return Mend.Mended.gone();
    }
    if (Sql.first(tx.connection(), exists, one -> one.getInt(1), callback).isEmpty()) {
      Sql.update(tx.connection(), called, null, batch);
      Sql.update(tx.connection(), touch, batch);
      return Mend.Mended.mended("The callback it names does not exist: it is called at its end");
    }
    if (row.status().equals("sealed") && row.isCounted()) {
      Sql.update(tx.connection(), status, batch);
      return Mend.Mended.mended("It has ended, and its callback was called already");
    }
    return Mend.Mended.left(
        "Its callback was called before its end and is not called again; see whether that job did"
            + " what it should");
  }

  /** As the fold would have done. */
  private void call(Tx tx, UUID batch, Row row) {
    Fold.Callback callback = json.read(Objects.requireNonNull(row.callback()), Fold.Callback.class);
    UUID owner = row.user();
    UUID job =
        enqueue
            .write(
                tx,
                new Enqueue.Common(
                    row.tenant(),
                    callback.type(),
                    callback.version(),
                    callback.queue(),
                    callback.maxAttempts(),
                    owner == null ? JobOptions.defaults() : JobOptions.defaults().user(owner),
                    false),
                List.of(Json.of(callback.args())))
            .get(0)
            .value();
    Sql.update(tx.connection(), called, job, batch);
  }
}
