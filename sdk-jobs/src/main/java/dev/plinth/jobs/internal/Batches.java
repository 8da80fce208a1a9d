package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.BatchClosedException;
import dev.plinth.jobs.BatchDepthException;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.NewBatch;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The rows of batches, apart from the fold of their counters. */
final class Batches {
  private static final String CREATE =
      """
      INSERT INTO {schema}.batch_job_collections
        (id, tenant_id, user_id, collection_name, parent_id, depth, callback, success_callback,
         failure_callback, created_at)
      VALUES (?, ?, ?::uuid, ?, ?::uuid, ?, ?::jsonb, ?::jsonb, ?::jsonb, {now})
      """;
  // Held by everyone who adds jobs, until their transaction ends. It conflicts with the FOR UPDATE
  // of the seal, and neither with other adders nor with the fold.
  private static final String ADMIT =
      """
      SELECT status, depth
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
  private static final String ADD_BATCH =
      """
      INSERT INTO {schema}.batch_deltas (batch_id, total_batches)
      VALUES (?, 1)
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
  private final String create;
  private final String admit;
  private final String add;
  private final String addBatch;
  private final String lock;
  private final String seal;

  Batches(Schema schema) {
    this.create = schema.render(CREATE);
    this.admit = schema.render(ADMIT);
    this.add = schema.render(ADD);
    this.addBatch = schema.render(ADD_BATCH);
    this.lock = schema.render(LOCK);
    this.seal = schema.render(SEAL);
  }

  /** What to enqueue when the batch ends: whatever its end, well, otherwise. */
  record Callbacks(@Nullable Json always, @Nullable Json success, @Nullable Json failure) {}

  /** Writes a batch, if the one around it takes more. */
  void create(
      Tx tx,
      UUID id,
      @Nullable UUID owner,
      String name,
      @Nullable BatchId parent,
      Callbacks callbacks) {
    int depth = parent == null ? 0 : addBatch(tx, parent);
    Sql.update(
        tx.connection(),
        create,
        id,
        tx.tenantId().orElse(null),
        owner,
        name,
        parent == null ? null : parent.value(),
        depth,
        callbacks.always(),
        callbacks.success(),
        callbacks.failure());
  }

  /** Counts a batch within another, and tells how deep it lies. */
  private int addBatch(Tx tx, BatchId parent) {
    int depth = admit(tx, parent) + 1;
    if (depth >= NewBatch.MAX_DEPTH) {
      throw new BatchDepthException(parent);
    }
    Sql.update(tx.connection(), addBatch, parent.value());
    return depth;
  }

  /** Adds to the batch's total, if it takes jobs. */
  void add(Tx tx, BatchId batch, int jobs) {
    admit(tx, batch);
    Sql.update(tx.connection(), add, batch.value(), (long) jobs);
  }

  private record Admitting(String status, int depth) {}

  /** Locks the batch open until the transaction ends, and tells how deep it lies. */
  private int admit(Tx tx, BatchId batch) {
    Admitting open =
        first(tx, admit, row -> new Admitting(row.getString(1), row.getInt(2)), batch)
            .orElseThrow(() -> new BatchClosedException(batch, "does not exist"));
    if (!open.status().equals("open")) {
      throw new BatchClosedException(
          batch,
          open.status().equals("sealed") ? "is sealed" : "has ended (" + open.status() + ")");
    }
    return open.depth();
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

  /** A transaction of a tenant sees that tenant's batches only. */
  private static <T> Optional<T> first(
      Tx tx, String statement, Sql.RowMapper<T> mapper, BatchId batch) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.first(tx.connection(), statement, mapper, batch.value(), tenant, tenant);
  }
}
