package dev.plinth.jobs.internal;

import dev.plinth.core.event.Events;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Cancellation;
import dev.plinth.jobs.JobCancelled;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobStatus;
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
        WHERE j.id = t.job_id
        RETURNING j.id, j.user_id, j.type, j.batch_id, j.holds_key, NULL::timestamptz AS started_at
      ), {counted}, forgotten AS (
        DELETE FROM {schema}.job_cancels c
        USING taken t
        WHERE c.job_id = t.job_id
      )
      SELECT c.id, c.user_id, c.type, c.holds_key
      FROM cancelled c
      """;

  private final String cancel;
  private final String cancelIfFree;
  private final UniqueKeys uniqueKeys;
  private final Events events;
  private final Hints hints;

  CancelWaiting(Schema schema, UniqueKeys uniqueKeys, Events events, Hints hints) {
    String counting = CANCEL.replace("{counted}", CancelledInBatch.COUNTED);
    this.cancel = schema.render(counting.replace("{taken}", WaitingPlaces.taken()));
    this.cancelIfFree = schema.render(counting.replace("{taken}", WaitingPlaces.takenIfFree()));
    this.uniqueKeys = uniqueKeys;
    this.events = events;
    this.hints = hints;
  }

  private record Cancelled(JobCancelled event, boolean holdsKey) {
    UUID id() {
      return event.jobId().value();
    }
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
    List<Cancelled> cancelled =
        Sql.query(
            tx.connection(),
            statement,
            row ->
                new Cancelled(
                    new JobCancelled(
                        new JobId(row.getObject("id", UUID.class)),
                        Sql.uuid(row, "user_id"),
                        row.getString("type"),
                        false,
                        cancellation),
                    row.getBoolean("holds_key")),
            jobs.toArray(UUID[]::new),
            tenant,
            tenant,
            cancellation.toString());
    uniqueKeys.free(
        tx,
        cancelled.stream().filter(Cancelled::holdsKey).map(Cancelled::id).toList(),
        JobStatus.CANCELLED);
    if (!cancelled.isEmpty()) {
      hints.anything(tx);
    }
    cancelled.forEach(job -> events.publish(tx, job.event()));
    return cancelled.stream().map(Cancelled::id).collect(Collectors.toSet());
  }
}
