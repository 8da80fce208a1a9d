package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Batch;
import dev.plinth.jobs.BatchClosedException;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.JobId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The rows of batches, apart from the fold of their counters. */
final class Batches {
  private static final String CREATE =
      """
      INSERT INTO {schema}.batch_job_collections
        (id, tenant_id, user_id, collection_name, callback, created_at)
      VALUES (?, ?, ?::uuid, ?, ?::jsonb, {now})
      """;
  // Held by everyone who adds jobs, until their transaction ends. It conflicts with the FOR UPDATE
  // of the seal, and neither with other adders nor with the fold.
  private static final String ADMIT =
      """
      SELECT status
      FROM {schema}.batch_job_collections
      WHERE id = ?
        AND (?::text IS NULL OR tenant_id = ?::text)
      FOR KEY SHARE
      """;
  private static final String ADD =
      """
      INSERT INTO {schema}.batch_deltas (batch_id, total)
      VALUES (?, ?)
      """;
  private static final String LOCK =
      """
      SELECT status
      FROM {schema}.batch_job_collections
      WHERE id = ?
        AND (?::text IS NULL OR tenant_id = ?::text)
      FOR UPDATE
      """;
  private static final String SEAL =
      """
      UPDATE {schema}.batch_job_collections
      SET status = 'sealed',
          sealed_at = {now}
      WHERE id = ?
      """;
  private static final String FIND =
      """
      SELECT b.id, b.tenant_id, b.user_id, b.collection_name, b.status, b.callback_job_id,
             b.created_at, b.sealed_at, b.completed_at,
             b.total_jobs + COALESCE(d.total, 0) AS total,
             b.completed_jobs + COALESCE(d.completed, 0) AS completed,
             b.failed_jobs + COALESCE(d.failed, 0) AS failed,
             LEAST(b.started_at, d.started_at) AS started_at
      FROM {schema}.batch_job_collections b
      CROSS JOIN LATERAL (
        SELECT sum(d.total)::bigint AS total, sum(d.completed)::bigint AS completed,
               sum(d.failed)::bigint AS failed, min(d.started_at) AS started_at
        FROM {schema}.batch_deltas d
        WHERE d.batch_id = b.id
      ) d
      WHERE b.id = ?
        AND (?::text IS NULL OR b.tenant_id = ?::text)
      """;

  private final String create;
  private final String admit;
  private final String add;
  private final String lock;
  private final String seal;
  private final String find;

  Batches(Schema schema) {
    this.create = schema.render(CREATE);
    this.admit = schema.render(ADMIT);
    this.add = schema.render(ADD);
    this.lock = schema.render(LOCK);
    this.seal = schema.render(SEAL);
    this.find = schema.render(FIND);
  }

  void create(Tx tx, UUID id, @Nullable UUID owner, String name, @Nullable Json callback) {
    Sql.update(tx.connection(), create, id, tx.tenantId().orElse(null), owner, name, callback);
  }

  /** Adds to the batch's total, if it takes jobs. */
  void add(Tx tx, BatchId batch, int jobs) {
    String status =
        first(tx, admit, row -> row.getString(1), batch)
            .orElseThrow(() -> new BatchClosedException(batch, "does not exist"));
    if (!status.equals("open")) {
      throw new BatchClosedException(
          batch, status.equals("sealed") ? "is sealed" : "has ended (" + status + ")");
    }
    Sql.update(tx.connection(), add, batch.value(), (long) jobs);
  }

  boolean seal(Tx tx, BatchId batch) {
    Optional<String> status = first(tx, lock, row -> row.getString(1), batch);
    if (status.isPresent() && status.get().equals("open")) {
      Sql.update(tx.connection(), seal, batch.value());
      // Has the fold look at it, in a transaction that sees what was added before the lock was had;
      // the host's may not.
      Sql.update(tx.connection(), add, batch.value(), 0L);
    }
    return status.isPresent();
  }

  Optional<Batch> find(Tx tx, BatchId id) {
    return first(tx, find, Batches::batch, id);
  }

  /** A transaction of a tenant sees that tenant's batches only. */
  private static <T> Optional<T> first(
      Tx tx, String statement, Sql.RowMapper<T> mapper, BatchId batch) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.first(tx.connection(), statement, mapper, batch.value(), tenant, tenant);
  }

  private static Batch batch(ResultSet row) throws SQLException {
    UUID callback = Sql.uuid(row, "callback_job_id");
    return new Batch(
        new BatchId(row.getObject("id", UUID.class)),
        row.getString("tenant_id"),
        Sql.uuid(row, "user_id"),
        row.getString("collection_name"),
        Batch.Status.valueOf(row.getString("status").toUpperCase(Locale.ROOT)),
        row.getLong("total"),
        row.getLong("completed"),
        row.getLong("failed"),
        callback == null ? null : new JobId(callback),
        Objects.requireNonNull(Sql.instant(row, "created_at")),
        Sql.instant(row, "started_at"),
        Sql.instant(row, "sealed_at"),
        Sql.instant(row, "completed_at"));
  }
}
