package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.DeadlinePassedException;
import dev.plinth.jobs.JobFailed;
import dev.plinth.jobs.JobId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * Fails jobs that still wait when their deadline has passed, by the database's clock. Those that
 * run are interrupted by their node; those that a sweep has not come to are not begun.
 */
final class Deadlines implements Sweep {
  private static final int AT_ONCE = 500;
  private static final int ITEMS = 10_000;
  private static final Duration FROM_THE_BEGINNING = Duration.ofMinutes(10);
  private static final Instant BEGINNING = Instant.EPOCH;

  // From a time on, before which all were looked at: so that those that are gone are not walked
  // over again while an old snapshot keeps them.
  private static final String DUE =
      """
      SELECT d.job_id
      FROM {schema}.job_deadlines d
      WHERE d.look_at > ?
        AND d.look_at <= {now}
      ORDER BY d.look_at
      LIMIT ?
      FOR UPDATE SKIP LOCKED
      """;
  private static final String A_MINUTE_AGO = "SELECT {now} - interval '1 minute' AS time";
  private static final String EXPIRE =
      """
      WITH given AS MATERIALIZED (
        SELECT j.id AS job_id
        FROM {schema}.computational_jobs j
        WHERE j.id = ANY (?::uuid[])
          AND j.status = 'pending'
          AND j.deadline <= {now}
      ), {taken}, recorded AS (
        UPDATE {schema}.computational_jobs j
        SET status = 'failed',
            error = replace(?::text, '{}', j.deadline::text),
            completed_at = {now}
        FROM taken t
        WHERE {record}
        RETURNING j.id, j.tenant_id, j.user_id, j.queue, j.type, j.batch_id, j.error,
                  t.epoch, t.attempt, t.group_id
      ), attempted AS (
        INSERT INTO {schema}.job_attempts
          (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome, error_class, error)
        SELECT r.id, r.epoch + 1, r.attempt, ?::uuid, {now}, {now}, 'failed', ?::text, r.error
        FROM recorded r
      ), tallied AS (
        {tally}
      ), signalled AS (
        INSERT INTO {schema}.job_signals (job_id)
        SELECT r.id
        FROM recorded r
        WHERE EXISTS (SELECT FROM {schema}.job_edges e WHERE e.parent_id = r.id)
      ), counted AS (
        INSERT INTO {schema}.batch_deltas (batch_id, failed)
        SELECT r.batch_id, count(*)
        FROM recorded r
        WHERE r.batch_id IS NOT NULL
        GROUP BY r.batch_id
      )
      SELECT r.id, r.tenant_id, r.user_id, r.type, r.batch_id, r.attempt, r.group_id,
             EXISTS (SELECT FROM {schema}.job_edges e WHERE e.parent_id = r.id) AS is_parent
      FROM recorded r
      """
          .replace(
              "{tally}",
              Tally.of(
                  "(SELECT r.queue, r.type, r.attempt, {now} AS claimed_at FROM recorded r) g",
                  "'failed'",
                  "NULL::timestamptz"))
          .replace("{record}", ByKey.equal("j.id", "t.job_id"));
  private static final String FORGET =
      """
      DELETE FROM {schema}.job_deadlines d
      WHERE d.job_id = ANY (?::uuid[])
        AND NOT EXISTS (
          SELECT FROM {schema}.computational_jobs j
          WHERE j.id = d.job_id
            AND j.status = 'pending'
            AND j.deadline IS NOT NULL)
      """;
  private static final String LATER =
      """
      UPDATE {schema}.job_deadlines d
      SET look_at = {now} + interval '2 seconds'
      WHERE d.job_id = ANY (?::uuid[])
      """;
  private static final String IS_PAST = "SELECT ?::timestamptz <= {now}";
  private static final String NOW = "SELECT {now} AS time";

  private final Plinth plinth;
  private final Events events;
  private final Hints hints;
  private final GateHints gateHints;
  private final String due;
  private final String aMinuteAgo;
  private final String expire;
  private final String forget;
  private final String later;
  private final String isPast;
  private final String now;
  private Instant from = BEGINNING;
  private long beganAt = System.nanoTime();

  Deadlines(Plinth plinth, Hints hints, GateHints gateHints) {
    Schema schema = plinth.schema();
    this.plinth = plinth;
    this.events = plinth.events();
    this.hints = hints;
    this.gateHints = gateHints;
    this.due = schema.render(DUE);
    this.aMinuteAgo = schema.render(A_MINUTE_AGO);
    this.expire = schema.render(EXPIRE.replace("{taken}", WaitingPlaces.takenIfFree()));
    this.forget = schema.render(FORGET);
    this.later = schema.render(LATER);
    this.isPast = schema.render(IS_PAST);
    this.now = schema.render(NOW);
  }

  /** The database's time. */
  Instant now(Tx tx) {
    return time(tx, now);
  }

  private static Instant time(Tx tx, String query) {
    return Sql.query(
            tx.connection(), query, row -> Objects.requireNonNull(Sql.instant(row, "time")))
        .get(0);
  }

  /** True when a job that is about to begin must not. Asks the database, if there is a deadline. */
  boolean isPast(Claimed job) {
    Instant deadline = job.deadline();
    return deadline != null
        && plinth.transactSeparately(
            TxOptions.defaults().withAllTenants(),
            tx -> Sql.query(tx.connection(), isPast, row -> row.getBoolean(1), deadline).get(0));
  }

  @Override
  public synchronized boolean chunk(Tx tx) {
    Instant earlier = time(tx, aMinuteAgo);
    if (System.nanoTime() - beganAt > FROM_THE_BEGINNING.toNanos() || earlier.isBefore(from)) {
      // What was enqueued late, with a deadline that had passed already, is found by this.
      from = BEGINNING;
      beganAt = System.nanoTime();
    }
    UUID[] jobs =
        Sql.query(tx.connection(), due, row -> row.getObject(1, UUID.class), from, AT_ONCE)
            .toArray(UUID[]::new);
    if (jobs.length > 0) {
      settle(tx, jobs);
    }
    if (jobs.length < AT_ONCE) {
      from = earlier;
    }
    return jobs.length == AT_ONCE;
  }

  @Override
  public synchronized List<UUID> items(Tx tx) {
    return Sql.query(tx.connection(), due, row -> row.getObject(1, UUID.class), from, ITEMS);
  }

  @Override
  public void item(Tx tx, UUID id) {
    settle(tx, new UUID[] {id});
  }

  /** Fails those that wait, and looks again later at those that run. */
  private void settle(Tx tx, UUID[] jobs) {
    expire(tx, jobs);
    Sql.update(tx.connection(), forget, (Object) jobs);
    Sql.update(tx.connection(), later, (Object) jobs);
  }

  private record Expired(JobFailed event, boolean concernsOthers, boolean wasCounted) {}

  private void expire(Tx tx, UUID[] jobs) {
    String errorClass = DeadlinePassedException.class.getName();
    List<Expired> expired =
        Sql.query(
            tx.connection(),
            expire,
            row ->
                new Expired(
                    new JobFailed(
                        new JobId(row.getObject("id", UUID.class)),
                        row.getString("tenant_id"),
                        Sql.uuid(row, "user_id"),
                        row.getString("type"),
                        row.getInt("attempt") - 1,
                        errorClass),
                    row.getObject("batch_id") != null || row.getBoolean("is_parent"),
                    row.getObject("group_id") != null),
            jobs,
            errorClass + ": " + DeadlinePassedException.message("{}"),
            plinth.instances().id(),
            errorClass);
    if (expired.stream().anyMatch(Expired::concernsOthers)) {
      hints.anything(tx);
    }
    if (expired.stream().anyMatch(Expired::wasCounted)) {
      gateHints.parked(tx);
    }
    expired.forEach(job -> events.publish(tx, job.event()));
  }
}
