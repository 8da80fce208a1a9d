package dev.plinth.jobs.internal;

import dev.plinth.core.event.Events;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Cancellation;
import dev.plinth.jobs.JobCancelled;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobStatus;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * What follows when jobs that waited were cancelled, by whomever and for whatever reason: their
 * keys are free, nobody looks at their deadlines, and all are told whom it concerns.
 */
final class CancelledWaiting {
  /**
   * What is read of a relation {@code cancelled} with the columns {@code id, tenant_id, user_id,
   * type, batch_id, holds_key, deadline, group_id}.
   */
  static final String COLUMNS =
      """
      c.id, c.tenant_id, c.user_id, c.type, c.batch_id, c.holds_key,
      c.deadline IS NOT NULL AS has_deadline, c.group_id IS NOT NULL AS was_counted,
      EXISTS (SELECT FROM {schema}.job_edges e WHERE e.parent_id = c.id) AS is_parent
      """;

  private final UniqueKeys uniqueKeys;
  private final DeadlineRows deadlineRows;
  private final Events events;
  private final Hints hints;
  private final GateHints gateHints;

  CancelledWaiting(
      UniqueKeys uniqueKeys,
      DeadlineRows deadlineRows,
      Events events,
      Hints hints,
      GateHints gateHints) {
    this.uniqueKeys = uniqueKeys;
    this.deadlineRows = deadlineRows;
    this.events = events;
    this.hints = hints;
    this.gateHints = gateHints;
  }

  /**
   * A job that was cancelled.
   *
   * @param inBatch whether a batch may end by this
   * @param wasCounted whether a limit counted it, which has room now
   * @param isParent whether others wait for it
   */
  record Job(
      JobCancelled event,
      boolean inBatch,
      boolean holdsKey,
      boolean hasDeadline,
      boolean wasCounted,
      boolean isParent) {
    /** Of a row with {@link #COLUMNS}. */
    static Job of(ResultSet row, Cancellation cancellation) throws SQLException {
      return new Job(
          new JobCancelled(
              new JobId(row.getObject("id", UUID.class)),
              row.getString("tenant_id"),
              Sql.uuid(row, "user_id"),
              row.getString("type"),
              false,
              cancellation),
          row.getObject("batch_id") != null,
          row.getBoolean("holds_key"),
          row.getBoolean("has_deadline"),
          row.getBoolean("was_counted"),
          row.getBoolean("is_parent"));
    }

    UUID id() {
      return event.jobId().value();
    }
  }

  void follow(Tx tx, List<Job> jobs) {
    uniqueKeys.free(tx, ids(jobs, Job::holdsKey), JobStatus.CANCELLED);
    deadlineRows.ended(tx, ids(jobs, Job::hasDeadline));
    if (jobs.stream().anyMatch(job -> job.inBatch() || job.isParent())) {
      hints.anything(tx);
    }
    if (jobs.stream().anyMatch(Job::wasCounted)) {
      gateHints.parked(tx);
    }
    jobs.forEach(job -> events.publish(tx, job.event()));
  }

  private static List<UUID> ids(List<Job> jobs, Predicate<Job> which) {
    return jobs.stream().filter(which).map(Job::id).toList();
  }
}
