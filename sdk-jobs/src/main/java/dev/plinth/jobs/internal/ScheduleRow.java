package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.schedule.Cron;
import dev.plinth.jobs.schedule.Every;
import dev.plinth.jobs.schedule.Missed;
import dev.plinth.jobs.schedule.Overlap;
import dev.plinth.jobs.schedule.Schedule;
import dev.plinth.jobs.schedule.Timing;
import dev.plinth.jobs.schedule.UnreadableScheduleException;
import dev.plinth.jobs.schedule.Window;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/** Schedules as rows. */
final class ScheduleRow {
  /** What {@link #read} reads, of a row {@code s}. */
  static final String COLUMNS =
      """
      s.id, s.tenant_id, s.name, s.kind, s.expression, s.zone, s.interval_ms, s.start_time, s.end_time,
      s.days_of_week, s.target_instances, s.target, s.node_id, s.type, s.job_version, s.queue,
      s.priority, s.args, s.max_attempts, s.user_id, s.missed, s.missed_limit, s.overlap,
      s.next_run_at, s.buffered_at, s.last_run_at, s.last_job_id, s.last_skipped_at, s.created_at,
      s.updated_at, s.version
      """;

  private ScheduleRow() {}

  /**
   * Reads a row.
   *
   * @throws UnreadableScheduleException when this JVM does not know its zone, or somebody has
   *     written what no schedule can have
   */
  static Schedule read(ResultSet row) throws SQLException {
    try {
      return schedule(row);
    } catch (DateTimeException | IllegalArgumentException e) {
      throw new UnreadableScheduleException(row.getString("name"), e);
    }
  }

  private static Schedule schedule(ResultSet row) throws SQLException {
    UUID lastJob = Sql.uuid(row, "last_job_id");
    return new Schedule(
        row.getObject("id", UUID.class),
        row.getString("tenant_id"),
        row.getString("name"),
        timing(row),
        row.getString("type"),
        row.getInt("job_version"),
        Sql.json(row, "args"),
        missed(row),
        Overlap.valueOf(row.getString("overlap").toUpperCase(Locale.ROOT)),
        row.getString("queue"),
        row.getInt("priority"),
        row.getInt("max_attempts"),
        Sql.uuid(row, "user_id"),
        Sql.uuid(row, "node_id"),
        Sql.instant(row, "next_run_at"),
        Sql.instant(row, "buffered_at"),
        Sql.instant(row, "last_run_at"),
        lastJob == null ? null : new JobId(lastJob),
        Sql.instant(row, "last_skipped_at"),
        time(row, "created_at"),
        time(row, "updated_at"),
        row.getLong("version"));
  }

  private static Timing timing(ResultSet row) throws SQLException {
    return switch (row.getString("kind")) {
      case "cron" -> new Cron(row.getString("expression"), ZoneId.of(row.getString("zone")));
      case "interval" -> new Every(Duration.ofMillis(row.getLong("interval_ms")));
      default ->
          new Window(
              LocalTime.parse(row.getString("start_time")),
              LocalTime.parse(row.getString("end_time")),
              days(row),
              ZoneId.of(row.getString("zone")),
              row.getObject("target_instances", Integer.class),
              Sql.json(row, "target"));
    };
  }

  private static Set<DayOfWeek> days(ResultSet row) throws SQLException {
    Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
    for (Object day : (Object[]) row.getArray("days_of_week").getArray()) {
      days.add(DayOfWeek.of((Integer) day));
    }
    return days;
  }

  private static Missed missed(ResultSet row) throws SQLException {
    return switch (row.getString("missed")) {
      case "skip" -> Missed.skip();
      case "one" -> Missed.one();
      default -> Missed.upTo(row.getInt("missed_limit"));
    };
  }

  private static Instant time(ResultSet row, String column) throws SQLException {
    return Objects.requireNonNull(Sql.instant(row, column), column);
  }
}
