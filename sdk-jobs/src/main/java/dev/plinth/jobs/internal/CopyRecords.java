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
import java.util.function.ObjIntConsumer;
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

  // A limit that is made meanwhile takes jobs of transactions that have begun to write with it.
  private static final String IS_LIMITED =
      """
      SELECT EXISTS (
        SELECT
        FROM {schema}.job_limits l
        CROSS JOIN (SELECT ?::text AS queue, ?::text AS type, ?::text AS limit_key) c
        WHERE {counting})
      """;
  private static final String LINE =
      """
      COPY {schema}.job_ready (job_id, queue, priority, type, job_version)
      FROM STDIN
      """;

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
  private final String isLimited;
  private final String line;

  CopyRecords(Schema schema) {
    this.before =
        schema.render(BEFORE.replace("'{schema}.", "'" + schema.quoted().replace("'", "''") + "."));
    this.copy = schema.render(COPY);
    this.isLimited =
        schema.render(
            IS_LIMITED.replace("{counting}", Parking.counting("c.queue", "c.type", "c.limit_key")));
    this.line = schema.render(LINE);
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
      String rest = rest(common, times);
      copy(
          postgres,
          copy,
          args.size(),
          (row, i) -> {
            row.append(jobs.get(i)).append('\t');
            escape(row, args.get(i).text());
            row.append(rest);
          });
    } catch (SQLException e) {
      throw Sql.failure(e);
    }
    return times;
  }

  /**
   * Puts jobs whose records were copied in this transaction in line, to be claimed at once.
   *
   * @return false when nothing was written, because a limit counts them
   */
  boolean lineUp(Tx tx, Enqueue.Common common, List<JobId> jobs) {
    PGConnection postgres = postgres(tx.connection());
    if (postgres == null || isLimited(tx, common)) {
      return false;
    }
    String rest =
        rest(
            Stream.of(
                common.queue(), common.options().priority(), common.type(), common.version()));
    try {
      copy(postgres, line, jobs.size(), (row, i) -> row.append(jobs.get(i)).append(rest));
    } catch (SQLException e) {
      throw Sql.failure(e);
    }
    return true;
  }

  private boolean isLimited(Tx tx, Enqueue.Common common) {
    return Sql.query(
            tx.connection(),
            isLimited,
            row -> row.getBoolean(1),
            common.queue(),
            common.type(),
            common.options().limitKey())
        .get(0);
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

  private static void copy(
      PGConnection postgres, String statement, int count, ObjIntConsumer<StringBuilder> row)
      throws SQLException {
    CopyIn in = postgres.getCopyAPI().copyIn(statement);
    try {
      StringBuilder rows = new StringBuilder();
      for (int i = 0; i < count; i++) {
        row.accept(rows, i);
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
    return rest(
        Stream.of(
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
            times.scheduled()));
  }

  private static String rest(Stream<?> values) {
    return values.map(CopyRecords::field).collect(Collectors.joining("\t", "\t", "\n"));
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
