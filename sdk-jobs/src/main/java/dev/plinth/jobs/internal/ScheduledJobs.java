package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.schedule.Edge;
import dev.plinth.jobs.schedule.Occurrence;
import dev.plinth.jobs.schedule.Schedule;
import dev.plinth.jobs.schedule.Window;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The jobs of schedules. */
final class ScheduledJobs {
  private static final String PENDING =
      """
      SELECT j.id
      FROM {schema}.computational_jobs j
      WHERE j.id = ANY (?)
        AND j.status = 'pending'
      """;

  private static final String MARK =
      """
      UPDATE {schema}.computational_jobs j
      SET trigger_type = ?,
          definition = ?,
          metadata = pg_catalog.jsonb_build_object('scheduleId', ?::text, 'dueAt', g.due_at)
      FROM unnest((SELECT ?::uuid[]), ?::text[]) AS g(id, due_at)
      WHERE j.id = g.id
      """;

  private final Enqueue enqueue;
  private final JsonCodec json;
  private final String pending;
  private final String mark;

  ScheduledJobs(Schema schema, Enqueue enqueue, JsonCodec json) {
    this.enqueue = enqueue;
    this.json = json;
    this.pending = schema.render(PENDING);
    this.mark = schema.render(MARK);
  }

  /** Which of the schedules' last jobs have not ended. One that is gone has. */
  Set<UUID> pending(Tx tx, Stream<Schedule> schedules) {
    UUID[] last =
        schedules
            .map(Schedule::lastJob)
            .filter(Objects::nonNull)
            .map(JobId::value)
            .toArray(UUID[]::new);
    return last.length == 0
        ? Set.of()
        : new HashSet<>(
            Sql.query(
                tx.connection(), pending, row -> row.getObject(1, UUID.class), (Object) last));
  }

  /** A job for each due time. */
  List<JobId> enqueue(Tx tx, Schedule schedule, String trigger, List<Instant> dueTimes) {
    List<JobId> jobs =
        enqueue.write(
            tx,
            new Enqueue.Common(
                schedule.tenantId(),
                schedule.type(),
                schedule.jobVersion(),
                schedule.queue(),
                schedule.maxAttempts(),
                options(schedule),
                false),
            dueTimes.stream().map(due -> args(schedule, due)).toList());
    Sql.update(
        tx.connection(),
        mark,
        trigger,
        schedule.name(),
        schedule.id().toString(),
        jobs.stream().map(JobId::value).toArray(UUID[]::new),
        dueTimes.stream().map(Instant::toString).toArray(String[]::new));
    return jobs;
  }

  private static JobOptions options(Schedule schedule) {
    JobOptions options = JobOptions.defaults().priority(schedule.priority());
    return schedule.userId() == null ? options : options.user(schedule.userId());
  }

  private Json args(Schedule schedule, Instant due) {
    return schedule.args() != null ? schedule.args() : json.write(occurrence(schedule, due));
  }

  private Occurrence occurrence(Schedule schedule, Instant due) {
    if (!(schedule.timing() instanceof Window window)) {
      return new Occurrence(schedule.name(), due, null, null, null);
    }
    Edge edge = new WindowTimes(window).edgeAt(due);
    return new Occurrence(
        schedule.name(), due, edge, window.targetInstances(), members(window.target()));
  }

  @SuppressWarnings("unchecked")
  private @Nullable Map<String, Object> members(@Nullable Json target) {
    return target == null ? null : (Map<String, Object>) json.read(target, Map.class);
  }
}
