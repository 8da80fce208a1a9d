package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.BatchClosedException;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.JobId;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Gives a failed job another attempt. */
final class Retry {
  private static final String LOCK =
      """
      SELECT j.batch_id, j.queue
      FROM {schema}.computational_jobs j
      WHERE j.id = ?
        AND j.status = 'failed'
        AND (?::text IS NULL OR j.tenant_id = ?::text)
      FOR UPDATE
      """;
  // FOR SHARE conflicts with the fold, which must not end the batch in the meantime.
  private static final String BATCH =
      """
      SELECT b.status
      FROM {schema}.batch_job_collections b
      WHERE b.id = ?
      FOR SHARE
      """;
  private static final String UNCOUNT =
      """
      INSERT INTO {schema}.batch_deltas (batch_id, failed)
      VALUES (?, -1)
      """;
  private static final String REVIVE =
      """
      WITH revived AS (
        UPDATE {schema}.computational_jobs j
        SET status = 'pending',
            completed_at = NULL,
            deadline = CASE WHEN j.deadline > {now} THEN j.deadline END,
            error_recovery_attempts = j.error_recovery_attempts + 1,
            max_attempts = GREATEST(j.max_attempts, last.attempt + 1)
        FROM (
          SELECT a.epoch, a.attempt
          FROM {schema}.job_attempts a
          WHERE a.job_id = ?
          ORDER BY a.epoch DESC
          LIMIT 1
        ) last
        WHERE j.id = ?
        RETURNING j.id AS job_id, j.queue, j.priority, j.type, j.job_version, j.limit_key,
                  j.user_id, j.deadline, last.epoch, last.attempt + 1 AS attempt
      ), dated AS (
        INSERT INTO {schema}.job_deadlines (job_id, look_at)
        SELECT r.job_id, r.deadline
        FROM revived r
        WHERE r.deadline IS NOT NULL
        ON CONFLICT (job_id) DO NOTHING
      )
      """;
  private static final String PARKED = "SELECT p.job_id FROM parked p";

  private final String lock;
  private final String batch;
  private final String uncount;
  private final String revive;
  private final Closing closing;
  private final GateHints gateHints;

  Retry(Schema schema, GateHints gateHints) {
    this.gateHints = gateHints;
    this.lock = schema.render(LOCK);
    this.batch = schema.render(BATCH);
    this.uncount = schema.render(UNCOUNT);
    this.closing = new Closing(schema);
    this.revive = schema.render(REVIVE + Parking.place("revived", "r.job_id") + PARKED);
  }

  private record Failed(@Nullable UUID batch, String queue) {}

  /** The queue that has got work by this; empty when the job is not a failed one. */
  Optional<String> run(Tx tx, JobId id) {
    String tenant = tx.tenantId().orElse(null);
    if (closing.isClosed(tx, id.value())) {
      return Optional.empty();
    }
    Optional<Failed> failed =
        Sql.first(
            tx.connection(),
            lock,
            row -> new Failed(Sql.uuid(row, "batch_id"), row.getString("queue")),
            id.value(),
            tenant,
            tenant);
    if (failed.isEmpty()) {
      return Optional.empty();
    }
    UUID batchId = failed.get().batch();
    if (batchId != null) {
      requireUnfinished(tx, batchId);
      Sql.update(tx.connection(), uncount, batchId);
    }
    if (Sql.first(tx.connection(), revive, row -> true, id.value(), id.value()).isPresent()) {
      gateHints.parked(tx);
    }
    return Optional.of(failed.get().queue());
  }

  private void requireUnfinished(Tx tx, UUID id) {
    String status =
        Sql.first(tx.connection(), batch, row -> row.getString(1), id).orElse("missing");
    if (!status.equals("open") && !status.equals("sealed")) {
      throw new BatchClosedException(new BatchId(id), "has ended (" + status + ")");
    }
  }
}
