package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Cancellation;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** Cancels jobs that wait, for whatever. They have no attempt that would tell of it. */
final class CancelWaiting {
  private static final String CANCEL =
      """
      WITH given AS MATERIALIZED (
        SELECT j.id AS job_id
        FROM {schema}.computational_jobs j
        WHERE j.id = ANY (?::uuid[])
          AND j.status = 'pending'
          AND (?::text IS NULL OR j.tenant_id = ?::text)
      ), {taken}, cancelled AS (
        UPDATE {schema}.computational_jobs j
        SET status = 'cancelled',
            error = ?::text,
            completed_at = {now}
        FROM taken t
        WHERE {record}
        RETURNING j.id, j.tenant_id, j.user_id, j.type, j.batch_id, j.holds_key, j.deadline,
                  t.group_id, NULL::timestamptz AS started_at
      ), {counted}, {signalled}, forgotten AS (
        DELETE FROM {schema}.job_cancels c
        USING taken t
        WHERE c.job_id = t.job_id
      )
      SELECT {columns}
      FROM cancelled c
      """
          .replace("{counted}", CancelledInBatch.COUNTED)
          .replace("{signalled}", CancelledInBatch.SIGNALLED)
          .replace("{record}", ByKey.equal("j.id", "t.job_id"))
          .replace("{columns}", CancelledWaiting.COLUMNS);

  private final String cancel;
  private final String cancelIfFree;
  private final CancelledWaiting following;

  CancelWaiting(Schema schema, CancelledWaiting following) {
    this.cancel = schema.render(CANCEL.replace("{taken}", WaitingPlaces.taken()));
    this.cancelIfFree = schema.render(CANCEL.replace("{taken}", WaitingPlaces.takenIfFree()));
    this.following = following;
  }

  /**
   * Waits for whoever is moving or cancelling the jobs. Returns those that were found waiting; the
   * others are unchanged.
   */
  Set<UUID> run(Tx tx, Collection<UUID> jobs, Cancellation cancellation) {
    return run(tx, cancel, jobs, cancellation);
  }

  /** The same, passing over jobs that somebody is moving or cancelling. */
  void runIfFree(Tx tx, Collection<UUID> jobs, Cancellation cancellation) {
    run(tx, cancelIfFree, jobs, cancellation);
  }

  private Set<UUID> run(Tx tx, String statement, Collection<UUID> jobs, Cancellation cancellation) {
    String tenant = tx.tenantId().orElse(null);
    List<CancelledWaiting.Job> cancelled =
        Sql.query(
            tx.connection(),
            statement,
            row -> CancelledWaiting.Job.of(row, cancellation),
            jobs.toArray(UUID[]::new),
            tenant,
            tenant,
            cancellation.toString());
    following.follow(tx, cancelled);
    return cancelled.stream().map(CancelledWaiting.Job::id).collect(Collectors.toSet());
  }
}
