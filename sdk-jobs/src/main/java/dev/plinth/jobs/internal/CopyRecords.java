package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Writes the records of many jobs through COPY, which takes them by the page where INSERT takes
 * them one by one. Not where row-level security binds the role, for which PostgreSQL has no COPY,
 * and not where the connection does not give access to PostgreSQL's driver.
 */
final class CopyRecords {
  /** Fewer than this are not worth the statement more that it takes. */
  static final int WORTH_IT = 1_000;

  private static final int BYTES_AT_ONCE = 1 << 16;
  private static final String NULL = "\\N";

  private static final String BEFORE =
      """
      SELECT {now} AS created_at,
             COALESCE(?::timestamptz, {now} + make_interval(secs => ?::double precision))
               AS scheduled_at,
             pg_catalog.row_security_active('{schema}.computational_jobs'::regclass) AS bound
      """;
  private static final String COPY =
      """
      COPY {schema}.computational_jobs
        (id, args, tenant_id, user_id, type, job_version, queue, priority, parent_job_id, batch_id,
         max_attempts, definition, subject, trigger_type, metadata, limit_key, deadline, timeout_ms,
         holds_key, created_at, scheduled_at)
      FROM STDIN
      """;

  private final String before;
  private final String copy;

  CopyRecords(Schema schema) {
    this.before =
        schema.render(BEFORE.replace("'{schema}.", "'" + schema.quoted().replace("'", "''") + "."));
    this.copy = schema.render(COPY);
  }

  /**
   * When the jobs were enqueued, by the database's clock, and from when on they may run.
   *
   * @param bound whether row-level security binds the role
   */
  record Times(Instant created, @Nullable Instant scheduled, boolean bound) {}

  /** Null when nothing was written, because it cannot be done this way. */
  @Nullable Times write(Tx tx, Enqueue.Common common, List<JobId> jobs, List<Json> args) {
    PGConnection postgres = postgres(tx.connection());
    if (postgres == null) {
      return null;
    }
    Times times = times(tx, common.options());
    if (times.bound()) {
      return null;
    }
    try {
      copy(postgres, rest(common, times), jobs, args);
    } catch (SQLException e) {
      throw Sql.failure(e);
    }
    return times;
  }

  private static @Nullable PGConnection postgres(Connection connection) {
    try {
      return connection.isWrapperFor(PGConnection.class)
          ? connection.unwrap(PGConnection.class)
          : null;
    } catch (SQLException e) {
      throw Sql.failure(e);
    }
  }

  private Times times(Tx tx, JobOptions options) {
    Duration delay = options.delay();
    return Sql.query(
            tx.connection(),
            before,
            row ->
                new Times(
                    Objects.requireNonNull(Sql.instant(row, "created_at")),
                    Sql.instant(row, "scheduled_at"),
                    row.getBoolean("bound")),
            options.runAt(),
            delay)
        .get(0);
  }

  private void copy(PGConnection postgres, String rest, List<JobId> jobs, List<Json> args)
      throws SQLException {
    CopyIn in = postgres.getCopyAPI().copyIn(copy);
    try {
      StringBuilder rows = new StringBuilder();
      for (int i = 0; i < args.size(); i++) {
        rows.append(jobs.get(i)).append('\t');
        escape(rows, args.get(i).text());
        rows.append(rest);
        if (rows.length() >= BYTES_AT_ONCE) {
          send(in, rows);
        }
      }
      send(in, rows);
      in.endCopy();
    } finally {
      if (in.isActive()) {
        in.cancelCopy();
      }
    }
  }

  private static void send(CopyIn in, StringBuilder rows) throws SQLException {
    byte[] bytes = rows.toString().getBytes(StandardCharsets.UTF_8);
    in.writeToCopy(bytes, 0, bytes.length);
    rows.setLength(0);
  }

  /** The columns after the arguments, the same for every job of a call. */
  private static String rest(Enqueue.Common common, Times times) {
    JobOptions options = common.options();
    return Stream.of(
            common.tenant(),
            options.user(),
            common.type(),
            common.version(),
            common.queue(),
            options.priority(),
            options.parent(),
            options.batch(),
            common.maxAttempts(),
            options.definition(),
            options.subject(),
            options.trigger(),
            options.metadata() == null ? null : options.metadata().text(),
            options.limitKey(),
            options.deadline(),
            options.timeout() == null ? null : options.timeout().toMillis(),
            options.unique() == null ? null : true,
            times.created(),
            times.scheduled())
        .map(CopyRecords::field)
        .collect(Collectors.joining("\t", "\t", "\n"));
  }

  private static String field(@Nullable Object value) {
    if (value == null) {
      return NULL;
    }
    StringBuilder field = new StringBuilder();
    escape(field, value.toString());
    return field.toString();
  }

  /** As COPY's text format wants it. */
  private static void escape(StringBuilder to, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\' -> to.append("\\\\");
        case '\t' -> to.append("\\t");
        case '\n' -> to.append("\\n");
        case '\r' -> to.append("\\r");
        default -> to.append(c);
      }
    }
  }
}
