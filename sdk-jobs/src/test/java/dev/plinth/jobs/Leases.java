package dev.plinth.jobs;

import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.UUID;

/** Claims as the tables tell of them, though no dispatcher made them. */
final class Leases {
  private Leases() {}

  /** Takes a job out of line, into a lease of the given instance. */
  static void give(Tx tx, JobId job, UUID instance, UUID claimer, boolean begun) {
    Sql.update(
        tx.connection(),
        """
        WITH gone AS (
          DELETE FROM plinth.job_ready WHERE job_id = ? RETURNING *
        )
        INSERT INTO plinth.job_leases
          (job_id, epoch, instance_id, claimed_at, queue, priority, type, job_version, attempt,
           claimer, begun)
        SELECT job_id, epoch + 1, ?, now(), queue, priority, type, job_version, attempt, ?, ?
        FROM gone
        """,
        job.value(),
        instance,
        claimer,
        begun);
  }
}
