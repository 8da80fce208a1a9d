package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Batch;
import dev.plinth.jobs.BatchFilter;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.BatchPage;
import dev.plinth.jobs.JobId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads batches: the folded counters, and what is appended but not folded yet. */
final class ReadBatches {
  private static final String BATCHES =
      """
      SELECT b.id, b.tenant_id, b.user_id, b.collection_name, b.parent_id, b.status,
             b.callback_job_id, b.success_callback_job_id, b.failure_callback_job_id,
             b.created_at, b.sealed_at, b.completed_at,
             b.total_jobs + COALESCE(d.total, 0) AS total,
             b.completed_jobs + COALESCE(d.completed, 0) AS completed,
             b.failed_jobs + COALESCE(d.failed, 0) AS failed,
             b.cancelled_jobs + COALESCE(d.cancelled, 0) AS cancelled,
             b.total_batches + COALESCE(d.total_batches, 0) AS total_batches,
             b.completed_batches + COALESCE(d.completed_batches, 0) AS completed_batches,
             b.failed_batches + COALESCE(d.failed_batches, 0) AS failed_batches,
             b.cancelled_batches + COALESCE(d.cancelled_batches, 0) AS cancelled_batches,
             LEAST(b.started_at, d.started_at) AS started_at
      FROM {schema}.batch_job_collections b
      CROSS JOIN LATERAL (
        SELECT sum(d.total)::bigint AS total, sum(d.completed)::bigint AS completed,
               sum(d.failed)::bigint AS failed, sum(d.cancelled)::bigint AS cancelled,
               sum(d.total_batches) AS total_batches,
               sum(d.completed_batches) AS completed_batches,
               sum(d.failed_batches) AS failed_batches,
               sum(d.cancelled_batches) AS cancelled_batches,
               min(d.started_at) AS started_at
        FROM {schema}.batch_deltas d
        WHERE d.batch_id = b.id
      ) d
      WHERE TRUE
      """;

  private final Schema schema;

  ReadBatches(Schema schema) {
    this.schema = schema;
  }

  Optional<Batch> find(Tx tx, BatchId id) {
    return run(tx, query(tx, BatchFilter.all(), "b.id = ?", id.value(), 1)).stream().findFirst();
  }

  List<Batch> list(Tx tx, BatchFilter filter, BatchPage page) {
    return run(tx, listing(tx, filter, page));
  }

  /** A statement and its parameters. */
  record Query(String sql, List<@Nullable Object> parameters) {}

  Query listing(Tx tx, BatchFilter filter, BatchPage page) {
    return query(tx, filter, "b.id < ?", value(page.before()), page.limit());
  }

  private Query query(
      Tx tx, BatchFilter filter, String condition, @Nullable Object parameter, int limit) {
    StringBuilder sql = new StringBuilder(BATCHES);
    List<@Nullable Object> parameters = new ArrayList<>();
    // A transaction of a tenant sees that tenant's batches only.
    and(sql, parameters, "b.tenant_id = ?", tx.tenantId().orElse(null));
    and(sql, parameters, "b.user_id = ?", filter.owner());
    and(sql, parameters, "b.status = ?", filter.status());
    and(sql, parameters, "b.collection_name = ?", filter.name());
    and(sql, parameters, "b.parent_id = ?", value(filter.parent()));
    and(sql, parameters, condition, parameter);
    sql.append("ORDER BY b.id DESC\nLIMIT ?");
    parameters.add(limit);
    return new Query(schema.render(sql.toString()), parameters);
  }

  private static @Nullable UUID value(@Nullable BatchId id) {
    return id == null ? null : id.value();
  }

  private static void and(
      StringBuilder sql,
      List<@Nullable Object> parameters,
      String condition,
      @Nullable Object value) {
    if (value != null) {
      sql.append("  AND ").append(condition).append('\n');
      parameters.add(value);
    }
  }

  private static List<Batch> run(Tx tx, Query query) {
    return Sql.query(
        tx.connection(), query.sql(), ReadBatches::batch, query.parameters().toArray());
  }

  private static Batch batch(ResultSet row) throws SQLException {
    UUID parent = Sql.uuid(row, "parent_id");
    return new Batch(
        new BatchId(row.getObject("id", UUID.class)),
        row.getString("tenant_id"),
        Sql.uuid(row, "user_id"),
        row.getString("collection_name"),
        parent == null ? null : new BatchId(parent),
        Batch.Status.valueOf(row.getString("status").toUpperCase(Locale.ROOT)),
        row.getLong("total"),
        row.getLong("completed"),
        row.getLong("failed"),
        row.getLong("cancelled"),
        new Batch.Batches(
            row.getLong("total_batches"),
            row.getLong("completed_batches"),
            row.getLong("failed_batches"),
            row.getLong("cancelled_batches")),
        job(row, "callback_job_id"),
        job(row, "success_callback_job_id"),
        job(row, "failure_callback_job_id"),
        Objects.requireNonNull(Sql.instant(row, "created_at")),
        Sql.instant(row, "started_at"),
        Sql.instant(row, "sealed_at"),
        Sql.instant(row, "completed_at"));
  }

  private static @Nullable JobId job(ResultSet row, String column) throws SQLException {
    UUID id = Sql.uuid(row, column);
    return id == null ? null : new JobId(id);
  }
}
