package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobStep;
import dev.plinth.jobs.Step;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rows of steps. Every write takes the fence on the claim's lease, so that nobody can take the
 * job over before it has committed, and a completed step is never written again.
 */
final class StepRows {
  private static final String HELD =
      """
      WITH held AS MATERIALIZED (
        SELECT l.job_id, l.epoch
        FROM {schema}.job_leases l
        WHERE l.job_id = ?
          AND l.epoch = ?
        FOR SHARE
      )
      """;
  private static final String WRITE =
      """
      , written AS (
        INSERT INTO {schema}.job_steps AS s
          (job_id, name, label, type, status, epoch, attempt, input, output, error, created_at,
           started_at, completed_at)
        SELECT h.job_id, ?, ?, ?, ?, h.epoch, ?, ?::jsonb, ?::jsonb, ?, COALESCE(?::timestamptz, {now}),
               COALESCE(?::timestamptz, {now}), CASE WHEN ? THEN {now} END
        FROM held h
        ON CONFLICT (job_id, name) DO UPDATE
        SET label = EXCLUDED.label,
            type = EXCLUDED.type,
            status = EXCLUDED.status,
            epoch = EXCLUDED.epoch,
            attempt = EXCLUDED.attempt,
            retries = s.retries + 1,
            input = EXCLUDED.input,
            output = EXCLUDED.output,
            error = COALESCE(EXCLUDED.error, s.error),
            started_at = EXCLUDED.started_at,
            completed_at = EXCLUDED.completed_at
        WHERE s.status <> 'completed'
          AND s.epoch <= EXCLUDED.epoch
      )
      """;

  // Sees the row as it was before this statement. Nobody else can be writing it: there is one
  // claim,
  // and one thread of its run at each step.
  private static final String BEFORE =
      """
      SELECT d.status, d.output, {now} AS now
      FROM held h
      LEFT JOIN {schema}.job_steps d ON d.job_id = h.job_id AND d.name = ? AND d.status = 'completed'
      """;
  private static final String END =
      """
      UPDATE {schema}.job_steps s
      SET status = ?,
          output = ?::jsonb,
          error = COALESCE(?, s.error),
          completed_at = {now}
      FROM held h
      WHERE s.job_id = h.job_id
        AND s.epoch = h.epoch
        AND s.name = ?
        AND s.status = 'running'
      """;
  private static final String STEPS =
      """
      SELECT s.job_id, s.name, s.label, s.type, s.attempt, s.epoch, s.retries, s.input, s.output,
             s.error, s.created_at, s.started_at, s.completed_at,
             CASE WHEN s.status = 'running' AND l.job_id IS NULL THEN 'interrupted' ELSE s.status END
               AS status
      FROM {schema}.job_steps s
      LEFT JOIN {schema}.job_leases l ON l.job_id = s.job_id AND l.epoch = s.epoch
      WHERE s.job_id = ?
        AND (?::text IS NULL OR EXISTS (
          SELECT FROM {schema}.computational_jobs j
          WHERE j.id = s.job_id
            AND j.tenant_id = ?::text))
      ORDER BY s.created_at, s.name
      """;

  private final String begin;
  private final String find;
  private final String end;
  private final String write;
  private final String steps;

  StepRows(Schema schema) {
    this.begin = schema.render(HELD + WRITE + BEFORE);
    this.find = schema.render(HELD + BEFORE);
    this.end = schema.render(HELD + END);
    this.write = schema.render(HELD + WRITE + "SELECT h.job_id FROM held h");
    this.steps = schema.render(STEPS);
  }

  /**
   * A step as it was found.
   *
   * @param completed whether it has completed before
   * @param output what it returned then, or null
   * @param now the time it was begun otherwise
   */
  record Found(boolean completed, @Nullable Json output, Instant now) {}

  /**
   * What is recorded of a step.
   *
   * @param step by its name and what else is told of it
   * @param input what it is given, or null
   */
  record Named(Step step, @Nullable Json input) {}

  /** Records that it runs, unless it has completed. Empty when the claim no longer holds. */
  Optional<Found> begin(Tx tx, Claimed job, Named named) {
    return Sql.first(
        tx.connection(),
        begin,
        StepRows::found,
        job.id(),
        job.epoch(),
        named.step().name(),
        named.step().label(),
        named.step().type(),
        "running",
        job.attempt(),
        named.input(),
        null,
        null,
        null,
        null,
        false,
        named.step().name());
  }

  /** Whether it has completed; writes nothing but the fence. Empty when the claim is lost. */
  Optional<Found> find(Tx tx, Claimed job, String name) {
    return Sql.first(tx.connection(), find, StepRows::found, job.id(), job.epoch(), name);
  }

  /** Ends a step that was begun under this claim. False when the claim no longer holds. */
  boolean end(Tx tx, Claimed job, String name, @Nullable Json output, @Nullable String error) {
    return Sql.update(
            tx.connection(),
            end,
            job.id(),
            job.epoch(),
            error == null ? "completed" : "failed",
            output,
            error,
            name)
        == 1;
  }

  /** Records a step that was not told of before it ended. False when the claim is lost. */
  boolean ended(
      Tx tx,
      Claimed job,
      Named named,
      @Nullable Json output,
      @Nullable String error,
      @Nullable Instant startedAt) {
    return Sql.first(
            tx.connection(),
            write,
            row -> row.getObject(1),
            job.id(),
            job.epoch(),
            named.step().name(),
            named.step().label(),
            named.step().type(),
            error == null ? "completed" : "failed",
            job.attempt(),
            named.input(),
            output,
            error,
            startedAt,
            startedAt,
            true)
        .isPresent();
  }

  /** A transaction of a tenant sees that tenant's jobs only. */
  List<JobStep> steps(Tx tx, JobId id) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.query(tx.connection(), steps, StepRows::step, id.value(), tenant, tenant);
  }

  private static Found found(ResultSet row) throws SQLException {
    return new Found(row.getString("status") != null, Sql.json(row, "output"), time(row, "now"));
  }

  private static JobStep step(ResultSet row) throws SQLException {
    return new JobStep(
        new JobId(row.getObject("job_id", UUID.class)),
        row.getString("name"),
        row.getString("label"),
        row.getString("type"),
        JobStep.Status.valueOf(row.getString("status").toUpperCase(Locale.ROOT)),
        row.getInt("attempt"),
        row.getInt("epoch"),
        row.getInt("retries"),
        Sql.json(row, "input"),
        Sql.json(row, "output"),
        row.getString("error"),
        time(row, "created_at"),
        time(row, "started_at"),
        Sql.instant(row, "completed_at"));
  }

  private static Instant time(ResultSet row, String column) throws SQLException {
    return Objects.requireNonNull(Sql.instant(row, column), column);
  }
}
