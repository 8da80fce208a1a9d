package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Sets right what batches say of themselves, under the batch's lock, which keeps the fold out. */
final class MendBatches {
  private static final String LOCK =
      """
      SELECT b.status, b.tenant_id, b.user_id,
             b.total_jobs + b.total_batches AS total,
             b.completed_jobs + b.completed_batches AS completed,
             b.failed_jobs + b.failed_batches AS failed,
             b.cancelled_jobs + b.cancelled_batches AS cancelled,
             b.callback, b.callback_job_id, b.success_callback, b.success_callback_job_id,
             b.failure_callback, b.failure_callback_job_id,
             COALESCE(
               b.created_at < (
                 SELECT m.at FROM {schema}.job_marks m WHERE m.name = 'removed'),
               false) AS is_old
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
        RETURNING d.*
      ), sums AS (
        SELECT COALESCE(sum(g.total), 0) AS total, COALESCE(sum(g.completed), 0) AS completed,
               COALESCE(sum(g.failed), 0) AS failed, COALESCE(sum(g.cancelled), 0) AS cancelled,
               COALESCE(sum(g.total_batches), 0) AS total_batches,
               COALESCE(sum(g.completed_batches), 0) AS completed_batches,
               COALESCE(sum(g.failed_batches), 0) AS failed_batches,
               COALESCE(sum(g.cancelled_batches), 0) AS cancelled_batches,
               min(g.started_at) AS started_at
        FROM gone g
      ), jobs AS (
        SELECT count(*) AS total,
               count(*) FILTER (WHERE j.status = 'completed') AS completed,
               count(*) FILTER (WHERE j.status IN ('failed', 'cancelled')) AS failed,
               count(*) FILTER (WHERE j.status = 'cancelled') AS cancelled
        FROM {schema}.computational_jobs j
        WHERE j.batch_id = ?
      ), batches AS (
        SELECT count(*) AS total,
               count(*) FILTER (WHERE c.status = 'completed') AS completed,
               count(*) FILTER (WHERE c.status IN ('failed', 'cancelled')) AS failed,
               count(*) FILTER (WHERE c.status = 'cancelled') AS cancelled
        FROM {schema}.batch_job_collections c
        WHERE c.parent_id = ?
      ), before AS (
        SELECT b.total_jobs + s.total AS total, b.completed_jobs + s.completed AS completed,
               b.failed_jobs + s.failed AS failed, b.cancelled_jobs + s.cancelled AS cancelled,
               b.total_batches + s.total_batches AS total_batches,
               b.completed_batches + s.completed_batches AS completed_batches,
               b.failed_batches + s.failed_batches AS failed_batches,
               b.cancelled_batches + s.cancelled_batches AS cancelled_batches
        FROM {schema}.batch_job_collections b, sums s
        WHERE b.id = ?
      )
      UPDATE {schema}.batch_job_collections b
      SET total_jobs = r.total,
          completed_jobs = r.completed,
          failed_jobs = r.failed,
          cancelled_jobs = r.cancelled,
          total_batches = c.total,
          completed_batches = c.completed,
          failed_batches = c.failed,
          cancelled_batches = c.cancelled,
          started_at = LEAST(b.started_at, s.started_at)
      FROM jobs r, batches c, sums s, before o
      WHERE b.id = ?
      RETURNING (o.total, o.completed, o.failed, o.cancelled, o.total_batches,
                 o.completed_batches, o.failed_batches, o.cancelled_batches)
                  IS DISTINCT FROM
                (r.total, r.completed, r.failed, r.cancelled, c.total, c.completed, c.failed,
                 c.cancelled) AS differed
      """;
  private static final String TOUCH =
      """
      INSERT INTO {schema}.batch_deltas (batch_id, total)
      VALUES (?, 0)
      """;
  private static final String CALLED =
      """
      UPDATE {schema}.batch_job_collections
      SET callback_job_id = ?,
          success_callback_job_id = ?,
          failure_callback_job_id = ?
      WHERE id = ?
      """;
  private static final String STATUS =
      """
      UPDATE {schema}.batch_job_collections b
      SET status = ?,
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
  private final EndBatches ends;

  MendBatches(Schema schema, EndBatches ends) {
    this.ends = ends;
    this.lock = schema.render(LOCK);
    this.recount = schema.render(RECOUNT);
    this.touch = schema.render(TOUCH);
    this.called = schema.render(CALLED);
    this.status = schema.render(STATUS);
    this.exists = schema.render(EXISTS);
  }

  /** A callback, and the job it was made into. */
  private record Call(@Nullable Json callback, @Nullable UUID job) {}

  private record Row(
      String status,
      long total,
      long completed,
      long failed,
      long cancelled,
      @Nullable String tenant,
      @Nullable UUID user,
      Call always,
      Call success,
      Call failure,
      boolean isOld) {
    boolean isEnded() {
      return !status.equals("open") && !status.equals("sealed");
    }

    boolean isCounted() {
      return total == completed + failed;
    }

    String rightStatus() {
      if (failed == 0) {
        return "completed";
      }
      return failed == cancelled ? "cancelled" : "failed";
    }

    List<Call> calls() {
      return List.of(always, success, failure);
    }

    /** Which of the calls an end like this one makes. */
    List<Boolean> wanted() {
      boolean well = failed == 0;
      return List.of(
          always.callback() != null,
          well && success.callback() != null,
          !well && failure.callback() != null);
    }
  }

  private Optional<Row> lock(Tx tx, UUID batch) {
    return Sql.first(
        tx.connection(),
        lock,
        row ->
            new Row(
                row.getString("status"),
                row.getLong("total"),
                row.getLong("completed"),
                row.getLong("failed"),
                row.getLong("cancelled"),
                row.getString("tenant_id"),
                Sql.uuid(row, "user_id"),
                call(row, "callback"),
                call(row, "success_callback"),
                call(row, "failure_callback"),
                row.getBoolean("is_old")),
        batch);
  }

  private static Call call(ResultSet row, String column) throws SQLException {
    return new Call(Sql.json(row, column), Sql.uuid(row, column + "_job_id"));
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
    boolean rightly = row.status().equals(row.rightStatus());
    if (!rightly) {
      Sql.update(tx.connection(), status, row.rightStatus(), batch);
    }
    boolean called = call(tx, batch, row);
    if (rightly && !called) {
      return Mend.Mended.gone();
    }
    return Mend.Mended.mended(
        called ? "Its callback is enqueued" : "Its status says how its jobs ended");
  }

  /** As the fold would have done, those that are missing; true when there were some. */
  private boolean call(Tx tx, UUID batch, Row row) {
    List<@Nullable UUID> jobs = new ArrayList<>();
    boolean any = false;
    for (int i = 0; i < row.calls().size(); i++) {
      Call call = row.calls().get(i);
      boolean missing = row.wanted().get(i) && call.job() == null;
      any |= missing;
      jobs.add(missing ? ends.call(tx, row.tenant(), row.user(), call.callback()) : call.job());
    }
    if (any) {
      Sql.update(tx.connection(), called, jobs.get(0), jobs.get(1), jobs.get(2), batch);
    }
    return any;
  }

  private Mend.Mended notEnded(Tx tx, UUID batch, Row row) {
    List<UUID> named = row.calls().stream().map(Call::job).filter(Objects::nonNull).toList();
    if (named.isEmpty()) {
      return Mend.Mended.gone();
    }
    if (named.stream().noneMatch(job -> exists(tx, job))) {
      Sql.update(tx.connection(), called, null, null, null, batch);
      Sql.update(tx.connection(), touch, batch);
      return Mend.Mended.mended("The callback it names does not exist: it is called at its end");
    }
    if (row.status().equals("sealed") && row.isCounted()) {
      Sql.update(tx.connection(), status, row.rightStatus(), batch);
      return Mend.Mended.mended("It has ended, and its callback was called already");
    }
    return Mend.Mended.left(
        "Its callback was called before its end and is not called again; see whether that job did"
            + " what it should");
  }

  private boolean exists(Tx tx, UUID job) {
    return Sql.first(tx.connection(), exists, one -> one.getInt(1), job).isPresent();
  }
}
