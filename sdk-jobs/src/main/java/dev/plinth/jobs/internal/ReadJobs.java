package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.Attempt;
import dev.plinth.jobs.BatchId;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.Page;
import dev.plinth.jobs.Progress;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads jobs: the record, and from the hot tables where a pending one stands. */
final class ReadJobs {
  private static final String ANY_JOBS =
      """
      SELECT j.id, j.tenant_id, j.user_id, j.type, j.job_version, j.queue, j.args, j.status,
             j.priority, j.parent_job_id, j.batch_id, j.error_recovery_attempts, j.max_attempts,
             j.result, j.error, j.created_at, j.completed_at, j.definition, j.subject,
             j.trigger_type, j.metadata, j.limit_key, j.deadline, j.timeout_ms,
             COALESCE(l.claimed_at, j.started_at) AS started_at,
             l.instance_id, w.waiting_since, d.run_at, d.attempt AS delayed_attempt,
             k.job_id IS NOT NULL AS is_parked,
             CASE WHEN l.job_id IS NULL THEN j.progress_done ELSE p.done END AS done,
             CASE WHEN l.job_id IS NULL THEN j.progress_total ELSE p.total END AS total,
             CASE WHEN l.job_id IS NULL THEN j.progress_note ELSE p.note END AS note
      FROM {source}
      LEFT JOIN {schema}.job_delayed d ON d.job_id = j.id
      LEFT JOIN {schema}.job_leases l ON l.job_id = j.id
      LEFT JOIN {schema}.job_waiting w ON w.job_id = j.id
      LEFT JOIN {schema}.job_parked k ON k.job_id = j.id
      LEFT JOIN {schema}.job_progress p ON p.job_id = l.job_id AND p.epoch = l.epoch
      WHERE TRUE
      """;

  private static final String JOBS = ANY_JOBS.replace("{source}", "{schema}.computational_jobs j");

  // The planner takes failed jobs and their last attempts for independent, expects but a few, and
  // reads the record as a whole: so it is led along the dead letters, and to each job by its key.
  private static final String DEAD_LETTERS =
      ANY_JOBS.replace(
          "{source}",
          """
          (
            SELECT DISTINCT x.job_id
            FROM {schema}.job_attempts x
            WHERE x.outcome IN ('failed', 'timed_out', 'discarded')
              AND x.job_id < ?::uuid
            ORDER BY x.job_id DESC
          ) x
          CROSS JOIN LATERAL (
            SELECT r.*
            FROM {schema}.computational_jobs r
            WHERE r.id = x.job_id
              AND r.status = 'failed'
            LIMIT 1
          ) j
          """);
  private static final UUID LAST = new UUID(-1, -1);

  /** A transaction of a tenant sees that tenant's jobs only. */
  private static final String TENANT = "  AND (?::text IS NULL OR j.tenant_id = ?::text)\n";

  // The attempt that completed a job is told by its record.
  private static final String ATTEMPTS =
      """
      SELECT a.job_id, a.epoch, a.attempt, a.instance_id, a.started_at, a.ended_at, a.outcome,
             a.error_class, a.error, a.stack_trace
      FROM {schema}.job_attempts a
      WHERE a.job_id = ?
        AND (?::text IS NULL OR EXISTS (
          SELECT FROM {schema}.computational_jobs j
          WHERE j.id = a.job_id
            AND j.tenant_id = ?::text))
      UNION ALL
      SELECT j.id, j.epoch, j.attempt, j.instance_id, j.started_at, j.completed_at, j.status,
             NULL, NULL, NULL
      FROM {schema}.computational_jobs j
      WHERE j.id = ?
        AND j.status = 'completed'
        AND j.epoch IS NOT NULL
        AND (?::text IS NULL OR j.tenant_id = ?::text)
      ORDER BY epoch
      """;

  private final Schema schema;
  private final String attempts;

  ReadJobs(Schema schema) {
    this.schema = schema;
    this.attempts = schema.render(ATTEMPTS);
  }

  Optional<Job> find(Tx tx, JobId id) {
    return Sql.first(
        tx.connection(),
        schema.render(JOBS + "  AND j.id = ?\n" + TENANT),
        ReadJobs::job,
        id.value(),
        tx.tenantId().orElse(null),
        tx.tenantId().orElse(null));
  }

  /** Those of the jobs that exist. */
  List<Job> findAll(Tx tx, UUID[] ids) {
    return Sql.query(
        tx.connection(),
        schema.render(JOBS + "  AND j.id = ANY (?::uuid[])\n"),
        ReadJobs::job,
        (Object) ids);
  }

  List<Job> list(Tx tx, JobFilter filter, Page page) {
    Listing listing = listing(tx, filter, page);
    return Sql.query(tx.connection(), listing.sql(), ReadJobs::job, listing.parameters());
  }

  /** A statement that lists jobs. */
  @SuppressWarnings("ArrayRecordComponent")
  record Listing(String sql, @Nullable Object[] parameters) {}

  Listing listing(Tx tx, JobFilter filter, Page page) {
    boolean deadLetters = filter.status() == JobStatus.FAILED && !isNarrow(filter);
    StringBuilder sql = new StringBuilder(deadLetters ? DEAD_LETTERS : JOBS);
    List<@Nullable Object> parameters = new ArrayList<>();
    if (deadLetters) {
      parameters.add(page.before() == null ? LAST : page.before().value());
    }
    and(sql, parameters, "j.tenant_id = ?", tx.tenantId().orElse(null));
    and(sql, parameters, "j.user_id = ?", filter.user());
    and(sql, parameters, "j.type = ?", filter.type());
    and(sql, parameters, "j.definition = ?", filter.definition());
    and(sql, parameters, "j.subject = ?", filter.subject());
    and(sql, parameters, "j.trigger_type = ?", filter.trigger());
    and(sql, parameters, "j.batch_id = ?", filter.batch() == null ? null : filter.batch().value());
    and(
        sql,
        parameters,
        "j.parent_job_id = ?",
        filter.parent() == null ? null : filter.parent().value());
    and(sql, parameters, "j.id < ?", page.before() == null ? null : page.before().value());
    if (filter.status() != null && !deadLetters) {
      sql.append("  AND ").append(standing(filter.status())).append('\n');
    }
    sql.append(deadLetters ? "ORDER BY x.job_id DESC\nLIMIT ?" : "ORDER BY j.id DESC\nLIMIT ?");
    parameters.add(page.limit());
    return new Listing(schema.render(sql.toString()), parameters.toArray());
  }

  /** True when the filter names something that is true of but some jobs. */
  private static boolean isNarrow(JobFilter filter) {
    return filter.user() != null
        || filter.definition() != null
        || filter.subject() != null
        || filter.batch() != null
        || filter.parent() != null;
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

  /** Pending jobs are found from the small hot tables, failed ones from the dead letters' index. */
  private static String standing(JobStatus status) {
    return switch (status) {
      case WAITING -> "j.id IN (SELECT x.job_id FROM {schema}.job_waiting x)";
      case SCHEDULED -> "j.id IN (SELECT x.job_id FROM {schema}.job_delayed x WHERE x.attempt = 1)";
      case RETRYING -> "j.id IN (SELECT x.job_id FROM {schema}.job_delayed x WHERE x.attempt > 1)";
      case LIMITED -> "j.id IN (SELECT x.job_id FROM {schema}.job_parked x)";
      case READY -> "j.id IN (SELECT x.job_id FROM {schema}.job_ready x)";
      case RUNNING -> "j.id IN (SELECT x.job_id FROM {schema}.job_leases x)";
      case COMPLETED -> "j.status = 'completed'";
      case CANCELLED -> "j.status = 'cancelled'";
      case FAILED ->
          "j.status = 'failed' AND j.id IN"
              + " (SELECT x.job_id FROM {schema}.job_attempts x"
              + " WHERE x.outcome IN ('failed', 'timed_out', 'discarded'))";
    };
  }

  List<Attempt> attempts(Tx tx, JobId id) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.query(
        tx.connection(),
        attempts,
        row ->
            new Attempt(
                new JobId(row.getObject("job_id", UUID.class)),
                row.getInt("epoch"),
                row.getInt("attempt"),
                row.getObject("instance_id", UUID.class),
                time(row, "started_at"),
                time(row, "ended_at"),
                Attempt.Outcome.valueOf(row.getString("outcome").toUpperCase(Locale.ROOT)),
                row.getString("error_class"),
                row.getString("error"),
                row.getString("stack_trace")),
        id.value(),
        tenant,
        tenant,
        id.value(),
        tenant,
        tenant);
  }

  private static Job job(ResultSet row) throws SQLException {
    UUID parent = Sql.uuid(row, "parent_job_id");
    UUID batch = Sql.uuid(row, "batch_id");
    return new Job(
        new JobId(row.getObject("id", UUID.class)),
        row.getString("tenant_id"),
        Sql.uuid(row, "user_id"),
        row.getString("type"),
        row.getInt("job_version"),
        row.getString("queue"),
        Objects.requireNonNull(Sql.json(row, "args")),
        status(row),
        row.getInt("priority"),
        parent == null ? null : new JobId(parent),
        batch == null ? null : new BatchId(batch),
        row.getInt("error_recovery_attempts"),
        row.getInt("max_attempts"),
        progress(row),
        Sql.json(row, "result"),
        row.getString("error"),
        time(row, "created_at"),
        Sql.instant(row, "run_at"),
        Sql.instant(row, "started_at"),
        Sql.instant(row, "completed_at"),
        Sql.uuid(row, "instance_id"),
        row.getString("definition"),
        row.getString("subject"),
        row.getString("trigger_type"),
        Sql.json(row, "metadata"),
        row.getString("limit_key"),
        Sql.instant(row, "deadline"),
        timeout(row));
  }

  private static JobStatus status(ResultSet row) throws SQLException {
    String status = row.getString("status");
    if (status.equals("completed")) {
      return JobStatus.COMPLETED;
    }
    if (status.equals("failed")) {
      return JobStatus.FAILED;
    }
    if (status.equals("cancelled")) {
      return JobStatus.CANCELLED;
    }
    if (row.getObject("instance_id") != null) {
      return JobStatus.RUNNING;
    }
    if (row.getObject("waiting_since") != null) {
      return JobStatus.WAITING;
    }
    if (row.getBoolean("is_parked")) {
      return JobStatus.LIMITED;
    }
    if (row.getObject("run_at") == null) {
      return JobStatus.READY;
    }
    return row.getInt("delayed_attempt") > 1 ? JobStatus.RETRYING : JobStatus.SCHEDULED;
  }

  private static @Nullable Progress progress(ResultSet row) throws SQLException {
    return row.getObject("done") == null
        ? null
        : new Progress(row.getLong("done"), row.getLong("total"), row.getString("note"));
  }

  private static @Nullable Duration timeout(ResultSet row) throws SQLException {
    return row.getObject("timeout_ms") == null
        ? null
        : Duration.ofMillis(row.getLong("timeout_ms"));
  }

  private static Instant time(ResultSet row, String column) throws SQLException {
    return Objects.requireNonNull(Sql.instant(row, column), column);
  }
}
