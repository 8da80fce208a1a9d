package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Progress;
import java.util.List;
import java.util.UUID;

/** The progress of running jobs, which is kept apart from the fenced row. */
final class ProgressRows {
  // Reads the lease without locking it: a handler that holds the fence must not wait for itself.
  // A zombie that passes the check at the last moment writes under its old epoch, which nobody
  // reads and the next run overwrites.
  private static final String REPORT =
      """
      INSERT INTO {schema}.job_progress (job_id, epoch, done, total, note, updated_at)
      SELECT l.job_id, l.epoch, ?, ?, ?, {now}
      FROM {schema}.job_leases l
      WHERE l.job_id = ?
        AND l.epoch = ?
      ON CONFLICT (job_id) DO UPDATE
      SET epoch = EXCLUDED.epoch,
          done = EXCLUDED.done,
          total = EXCLUDED.total,
          note = EXCLUDED.note,
          updated_at = EXCLUDED.updated_at
      WHERE job_progress.epoch <= EXCLUDED.epoch
      """;
  private static final String FORGET =
      """
      DELETE FROM {schema}.job_progress
      WHERE job_id = ANY ((SELECT ?::uuid[])::uuid[])
      """;

  private final String report;
  private final String forget;

  ProgressRows(Schema schema) {
    this.report = schema.render(REPORT);
    this.forget = schema.render(FORGET);
  }

  /** False when the claim no longer holds. */
  boolean report(Tx tx, Claimed job, Progress progress) {
    return Sql.update(
            tx.connection(),
            report,
            progress.done(),
            progress.total(),
            progress.note(),
            job.id(),
            job.epoch())
        == 1;
  }

  void forget(Tx tx, List<UUID> jobs) {
    if (!jobs.isEmpty()) {
      Sql.update(tx.connection(), forget, (Object) jobs.toArray(UUID[]::new));
    }
  }
}
