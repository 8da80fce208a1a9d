package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Cancellation;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Deletes edges whose parents have ended, and moves on the jobs that wait for nothing any more: to
 * their place in line, or, where a policy says so, to their end. Whoever does this holds the row
 * locks of the waiting jobs, so that of two who delete a job's last edges the second sees it. What
 * others have locked is left to them. No parent is locked: its end is final, but for a failed one
 * that is retried by hand at this very moment, which then comes after its children heard of it.
 */
final class Settle {
  /**
   * The parent's record {@code p} of an edge {@code e}, if there is one. LIMIT makes it a look into
   * the key's index for each edge, however many there seem to be: never a scan of the record.
   */
  private static final String PARENT =
      """
      LEFT JOIN LATERAL (
        SELECT j.id, j.status
        FROM {schema}.computational_jobs j
        WHERE j.id = e.parent_id
        LIMIT 1
      ) p ON TRUE
      """;

  /** What an edge comes to, as SQL over these. */
  private static final String VERDICT =
      """
      CASE
        WHEN p.status = 'completed' THEN 'free'
        WHEN p.status = 'pending' THEN NULL
        WHEN e.on_failure = 'run' THEN 'free'
        WHEN p.id IS NULL OR e.on_failure = 'cancel' THEN 'cancel'
      END
      """;

  private static final String LOCK =
      """
      SELECT w.job_id
      FROM {schema}.job_waiting w
      WHERE w.job_id = ANY (?::uuid[])
      ORDER BY w.job_id
      FOR UPDATE SKIP LOCKED
      """;

  // Edges are written and deleted together with the waiting job, so these have lost theirs: its
  // record is ended, or it was put elsewhere by hand.
  private static final String STRAY =
      """
      DELETE FROM {schema}.job_edges e
      WHERE e.job_id = ANY (?::uuid[])
        AND NOT EXISTS (SELECT FROM {schema}.job_waiting w WHERE w.job_id = e.job_id)
      RETURNING e.job_id
      """;
  private static final String FREE =
      """
      DELETE FROM {schema}.job_edges e
      USING unnest((SELECT ?::uuid[]), ?::uuid[]) AS g(job_id, parent_id)
      WHERE e.job_id = g.job_id
        AND e.parent_id = g.parent_id
      """;

  // The record is read before the row goes: where row-level security hides the one, the other
  // stays.
  private static final String CANCEL =
      """
      WITH given AS MATERIALIZED (
        SELECT j.id, g.error
        FROM unnest((SELECT ?::uuid[]), ?::text[]) AS g(job_id, error)
        JOIN {schema}.computational_jobs j ON j.id = g.job_id
      ), gone AS (
        DELETE FROM {schema}.job_waiting w
        USING given g
        WHERE w.job_id = g.id
        RETURNING w.job_id, g.error, w.group_id
      ), unlinked AS (
        DELETE FROM {schema}.job_edges e
        USING gone g
        WHERE e.job_id = g.job_id
      ), cancelled AS (
        UPDATE {schema}.computational_jobs j
        SET status = 'cancelled',
            error = g.error,
            completed_at = {now}
        FROM gone g
        WHERE j.id = g.job_id
        RETURNING j.id, j.tenant_id, j.user_id, j.type, j.batch_id, j.holds_key, j.deadline,
                  j.error, g.group_id,
                  NULL::timestamptz AS started_at
      ), {counted}, {signalled}, forgotten AS (
        DELETE FROM {schema}.job_cancels c
        USING gone g
        WHERE c.job_id = g.job_id
      )
      SELECT c.error, {columns}
      FROM cancelled c
      """
          .replace("{counted}", CancelledInBatch.COUNTED)
          .replace("{signalled}", CancelledInBatch.SIGNALLED)
          .replace("{columns}", CancelledWaiting.COLUMNS);
  private static final String QUEUE =
      """
      WITH gone AS (
        DELETE FROM {schema}.job_waiting w
        WHERE w.job_id = ANY (?::uuid[])
          AND NOT EXISTS (SELECT FROM {schema}.job_edges e WHERE e.job_id = w.job_id)
        RETURNING w.*
      ), later AS (
        INSERT INTO {schema}.job_delayed
          (job_id, run_at, queue, priority, type, job_version, epoch, attempt, group_id)
        SELECT g.job_id, g.run_at, g.queue, g.priority, g.type, g.job_version, g.epoch, g.attempt,
               g.group_id
        FROM gone g
        WHERE g.run_at > {now}
      ), soon AS MATERIALIZED (
        SELECT g.*, j.limit_key, j.user_id
        FROM gone g
        JOIN {schema}.computational_jobs j ON j.id = g.job_id
        WHERE g.run_at IS NULL
           OR g.run_at <= {now}
      )
      """;
  private static final String QUEUED =
      """
      SELECT DISTINCT g.queue, EXISTS (SELECT FROM parked) AS is_limited
      FROM gone g
      """;

  private final String lock;
  private final String stray;
  private final String free;
  private final String cancel;
  private final String queue;
  private final Hints hints;
  private final GateHints gateHints;
  private final CancelledWaiting following;

  Settle(Schema schema, Hints hints, GateHints gateHints, CancelledWaiting following) {
    this.following = following;
    this.lock = schema.render(LOCK);
    this.stray = schema.render(STRAY);
    this.free = schema.render(FREE);
    this.cancel = schema.render(CANCEL);
    this.queue = schema.render(QUEUE + Parking.place("soon", "r.job_id") + QUEUED);
    this.hints = hints;
    this.gateHints = gateHints;
  }

  /**
   * A statement over edges {@code e}, with <code>{parent}</code> and <code>{verdict}</code> in it.
   */
  static String looking(String statement) {
    return statement.replace("{verdict}", VERDICT).replace("{parent}", PARENT);
  }

  /** An edge whose parent has ended: its job is free of it, or is to be cancelled. */
  record Verdict(UUID job, UUID parent, String parentStatus, boolean cancels) {
    /** Of a row with job_id, parent_id, status and verdict. */
    static Verdict of(ResultSet row) throws SQLException {
      String status = row.getString("status");
      return new Verdict(
          row.getObject("job_id", UUID.class),
          row.getObject("parent_id", UUID.class),
          status == null ? "is gone" : status.equals("failed") ? "failed" : "was " + status,
          row.getString("verdict").equals("cancel"));
    }

    String error() {
      return "Parent " + parent + " " + parentStatus;
    }
  }

  /** Settles edges; returns the jobs that it had to leave to others. */
  Set<UUID> edges(Tx tx, List<Verdict> verdicts) {
    Set<UUID> jobs = new LinkedHashSet<>();
    verdicts.forEach(verdict -> jobs.add(verdict.job()));
    Set<UUID> locked = lock(tx, jobs);
    Map<UUID, String> cancelled = new LinkedHashMap<>();
    List<Verdict> freed = new ArrayList<>();
    for (Verdict verdict : verdicts) {
      if (locked.contains(verdict.job())) {
        if (verdict.cancels()) {
          cancelled.putIfAbsent(verdict.job(), verdict.error());
        } else {
          freed.add(verdict);
        }
      }
    }
    cancel(tx, cancelled);
    free(tx, freed);
    locked.removeAll(cancelled.keySet());
    queue(tx, locked);
    jobs.removeAll(locked);
    jobs.removeAll(cancelled.keySet());
    jobs.removeAll(strays(tx, jobs));
    return jobs;
  }

  /** Puts those of the waiting jobs in line that wait for nothing. */
  void idle(Tx tx, Collection<UUID> jobs) {
    queue(tx, lock(tx, jobs));
  }

  private Set<UUID> lock(Tx tx, Collection<UUID> jobs) {
    return jobs.isEmpty() ? new HashSet<>() : new HashSet<>(ids(tx, lock, jobs));
  }

  private Set<UUID> strays(Tx tx, Collection<UUID> jobs) {
    return jobs.isEmpty() ? Set.of() : new HashSet<>(ids(tx, stray, jobs));
  }

  private static List<UUID> ids(Tx tx, String statement, Collection<UUID> jobs) {
    return Sql.query(
        tx.connection(),
        statement,
        row -> row.getObject(1, UUID.class),
        (Object) jobs.toArray(UUID[]::new));
  }

  private void free(Tx tx, List<Verdict> freed) {
    if (!freed.isEmpty()) {
      Sql.update(
          tx.connection(),
          free,
          freed.stream().map(Verdict::job).toArray(UUID[]::new),
          freed.stream().map(Verdict::parent).toArray(UUID[]::new));
    }
  }

  private void cancel(Tx tx, Map<UUID, String> errors) {
    if (errors.isEmpty()) {
      return;
    }
    following.follow(
        tx,
        Sql.query(
            tx.connection(),
            cancel,
            row -> CancelledWaiting.Job.of(row, Cancellation.because(row.getString("error"))),
            errors.keySet().toArray(UUID[]::new),
            errors.values().toArray(String[]::new)));
  }

  private record Queued(String queue, boolean isLimited) {}

  private void queue(Tx tx, Set<UUID> jobs) {
    if (!jobs.isEmpty()) {
      Sql.query(
              tx.connection(),
              queue,
              row -> new Queued(row.getString(1), row.getBoolean(2)),
              (Object) jobs.toArray(UUID[]::new))
          .forEach(
              queued -> {
                hints.ready(tx, queued.queue());
                if (queued.isLimited()) {
                  gateHints.parked(tx);
                }
              });
    }
  }
}
