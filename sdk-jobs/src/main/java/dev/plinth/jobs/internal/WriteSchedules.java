package dev.plinth.jobs.internal;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.schedule.Cron;
import dev.plinth.jobs.schedule.Every;
import dev.plinth.jobs.schedule.Missed;
import dev.plinth.jobs.schedule.NewSchedule;
import dev.plinth.jobs.schedule.Overlap;
import dev.plinth.jobs.schedule.Schedule;
import dev.plinth.jobs.schedule.Timing;
import dev.plinth.jobs.schedule.Window;
import java.time.DayOfWeek;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Creates and changes schedules. */
final class WriteSchedules {
  private static final String INSERT =
      """
      INSERT INTO {schema}.job_schedules AS s
        (id, tenant_id, name, next_run_at, created_at, updated_at,
         kind, expression, zone, interval_ms, start_time, end_time, days_of_week, target_instances,
         target, type, job_version, queue, priority, args, max_attempts, user_id, node_id, missed,
         missed_limit, overlap)
      VALUES
        (?, ?, ?, ?, {now}, {now},
         ?, ?, ?, ?, ?, ?, ?::integer[], ?,
         ?::jsonb, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?,
         ?, ?)
      ON CONFLICT (coalesce(tenant_id, ''), name) DO NOTHING
      RETURNING {columns}
      """;

  /** Changes nothing where nothing differs; documents are compared as such, not as texts. */
  private static final String UPDATE =
      """
      UPDATE {schema}.job_schedules s
      SET next_run_at = CASE WHEN s.is_active THEN COALESCE(?::timestamptz, s.next_run_at) END,
          buffered_at = CASE WHEN ? THEN s.buffered_at END,
          kind = g.kind,
          expression = g.expression,
          zone = g.zone,
          interval_ms = g.interval_ms,
          start_time = g.start_time,
          end_time = g.end_time,
          days_of_week = g.days_of_week,
          target_instances = g.target_instances,
          target = g.target,
          type = g.type,
          job_version = g.job_version,
          queue = g.queue,
          priority = g.priority,
          args = g.args,
          max_attempts = g.max_attempts,
          user_id = g.user_id,
          node_id = g.node_id,
          missed = g.missed,
          missed_limit = g.missed_limit,
          overlap = g.overlap,
          updated_at = {now},
          version = s.version + 1
      FROM (
        SELECT ?::text AS kind, ?::text AS expression, ?::text AS zone, ?::bigint AS interval_ms,
               ?::text AS start_time, ?::text AS end_time, ?::integer[] AS days_of_week,
               ?::integer AS target_instances, ?::jsonb AS target, ?::text AS type,
               ?::integer AS job_version, ?::text AS queue, ?::smallint AS priority,
               ?::jsonb AS args, ?::integer AS max_attempts, ?::uuid AS user_id, ?::uuid AS node_id,
               ?::text AS missed, ?::integer AS missed_limit, ?::text AS overlap
      ) g
      WHERE s.id = ?
        AND (s.kind, s.expression, s.zone, s.interval_ms, s.start_time, s.end_time, s.days_of_week,
             s.target_instances, s.target, s.type, s.job_version, s.queue, s.priority, s.args,
             s.max_attempts, s.user_id, s.node_id, s.missed, s.missed_limit, s.overlap)
          IS DISTINCT FROM
            (g.kind, g.expression, g.zone, g.interval_ms, g.start_time, g.end_time, g.days_of_week,
             g.target_instances, g.target, g.type, g.job_version, g.queue, g.priority, g.args,
             g.max_attempts, g.user_id, g.node_id, g.missed, g.missed_limit, g.overlap)
      RETURNING {columns}
      """;

  // Reads no timing: what this JVM cannot read it can still pause.
  private static final String PAUSE =
      """
      UPDATE {schema}.job_schedules
      SET is_active = false,
          next_run_at = NULL,
          buffered_at = NULL,
          updated_at = CASE WHEN is_active THEN {now} ELSE updated_at END,
          version = version + CASE WHEN is_active THEN 1 ELSE 0 END
      WHERE coalesce(tenant_id, '') = coalesce(?::text, '')
        AND name = ?
      """;

  private static final String RESUME =
      """
      UPDATE {schema}.job_schedules
      SET is_active = true,
          next_run_at = ?,
          updated_at = {now},
          version = version + 1
      WHERE id = ?
      """;

  private static final String DELETE =
      """
      DELETE FROM {schema}.job_schedules
      WHERE coalesce(tenant_id, '') = coalesce(?::text, '')
        AND name = ?
      """;

  private final UuidV7 ids;
  private final String insert;
  private final String update;
  private final String pause;
  private final String resume;
  private final String delete;

  WriteSchedules(Schema schema, UuidV7 ids) {
    this.ids = ids;
    this.insert = schema.render(INSERT.replace("{columns}", ScheduleRow.COLUMNS));
    this.update = schema.render(UPDATE.replace("{columns}", ScheduleRow.COLUMNS));
    this.pause = schema.render(PAUSE);
    this.resume = schema.render(RESUME);
    this.delete = schema.render(DELETE);
  }

  /** Empty when there is one of that name by now. */
  Optional<Schedule> insert(Tx tx, NewSchedule schedule, @Nullable Json args, Instant now) {
    List<@Nullable Object> parameters = new ArrayList<>();
    parameters.add(ids.next());
    parameters.add(tx.tenantId().orElse(null));
    parameters.add(schedule.name());
    parameters.add(schedule.timing().nextAfter(now));
    definition(parameters, schedule, args);
    return Sql.first(tx.connection(), insert, ScheduleRow::read, parameters.toArray());
  }

  /** Makes a locked schedule so, if it is not. */
  Schedule update(Tx tx, Schedule old, NewSchedule schedule, @Nullable Json args, Instant now) {
    boolean sameTimes = withoutTarget(old.timing()).equals(withoutTarget(schedule.timing()));
    List<@Nullable Object> parameters = new ArrayList<>();
    parameters.add(sameTimes ? null : schedule.timing().nextAfter(now));
    parameters.add(sameTimes && schedule.overlap() == Overlap.BUFFER_ONE);
    definition(parameters, schedule, args);
    parameters.add(old.id());
    return Sql.first(tx.connection(), update, ScheduleRow::read, parameters.toArray()).orElse(old);
  }

  private static Timing withoutTarget(Timing timing) {
    return timing instanceof Window w
        ? new Window(w.start(), w.end(), w.days(), w.zone(), null, null)
        : timing;
  }

  /** The columns that say what it is, in the order of the statements. */
  private static void definition(
      List<@Nullable Object> parameters, NewSchedule schedule, @Nullable Json args) {
    timing(parameters, schedule.timing());
    parameters.add(schedule.kind().name());
    parameters.add(schedule.kind().version());
    parameters.add(schedule.queue() == null ? schedule.kind().queue() : schedule.queue());
    parameters.add(schedule.priority());
    parameters.add(args);
    parameters.add(
        schedule.maxAttempts() == null
            ? schedule.kind().retryPolicy().maxAttempts()
            : schedule.maxAttempts());
    parameters.add(schedule.user());
    parameters.add(schedule.node());
    missed(parameters, schedule.missed());
    parameters.add(schedule.overlap());
  }

  private static void timing(List<@Nullable Object> parameters, Timing timing) {
    Cron cron = timing instanceof Cron c ? c : null;
    Every every = timing instanceof Every e ? e : null;
    Window window = timing instanceof Window w ? w : null;
    parameters.add(cron != null ? "cron" : every != null ? "interval" : "window");
    parameters.add(cron == null ? null : cron.expression());
    parameters.add(
        cron != null ? cron.zone().getId() : window != null ? window.zone().getId() : null);
    parameters.add(every == null ? null : every.interval().toMillis());
    parameters.add(window == null ? null : window.start().toString());
    parameters.add(window == null ? null : window.end().toString());
    parameters.add(
        window == null
            ? null
            : window.days().stream().map(DayOfWeek::getValue).sorted().toArray(Integer[]::new));
    parameters.add(window == null ? null : window.targetInstances());
    parameters.add(window == null ? null : window.target());
  }

  private static void missed(List<@Nullable Object> parameters, Missed missed) {
    if (missed instanceof Missed.UpTo upTo) {
      parameters.add("up_to");
      parameters.add(upTo.limit());
    } else {
      parameters.add(missed instanceof Missed.Skip ? "skip" : "one");
      parameters.add(null);
    }
  }

  boolean pause(Tx tx, String name) {
    return Sql.update(tx.connection(), pause, tx.tenantId().orElse(null), name) > 0;
  }

  void resume(Tx tx, Schedule locked, Instant now) {
    if (!locked.isActive()) {
      Sql.update(tx.connection(), resume, locked.timing().nextAfter(now), locked.id());
    }
  }

  boolean delete(Tx tx, String name) {
    return Sql.update(tx.connection(), delete, tx.tenantId().orElse(null), name) > 0;
  }
}
