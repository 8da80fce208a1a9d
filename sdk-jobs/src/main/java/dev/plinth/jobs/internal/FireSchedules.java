package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.schedule.Schedule;
import dev.plinth.jobs.schedule.UnreadableScheduleException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fires schedules: enqueues the jobs of what is due, by the database's clock, and moves the
 * schedules on, in one transaction and under their row locks. Whoever dies in between has done
 * nothing.
 */
final class FireSchedules implements Sweep {
  private static final Logger log = LoggerFactory.getLogger(FireSchedules.class);
  private static final int AT_ONCE = 100;
  private static final int ITEMS = 10_000;
  private static final Duration PUNCTUAL = Duration.ofMinutes(1);

  private static final String DUE =
      "SELECT "
          + ScheduleRow.COLUMNS
          + """
          , {now} AS now, s.xmin::text AS row_version
          FROM {schema}.job_schedules s
          WHERE s.is_active
            AND s.next_run_at <= {now}
            AND s.id || ' ' || s.xmin::text <> ALL (?)
            AND {which}
          ORDER BY s.next_run_at
          LIMIT ?
          FOR UPDATE SKIP LOCKED
          """;

  // Whether the last job has ended is asked again under the lock.
  private static final String BUFFERED =
      "SELECT "
          + ScheduleRow.COLUMNS
          + """
          , {now} AS now, s.xmin::text AS row_version
          FROM {schema}.job_schedules s
          WHERE s.buffered_at IS NOT NULL
            AND s.id || ' ' || s.xmin::text <> ALL (?)
            AND NOT EXISTS (
              SELECT FROM {schema}.computational_jobs j
              WHERE j.id = s.last_job_id
                AND j.status = 'pending')
            AND {which}
          ORDER BY s.buffered_at
          LIMIT ?
          FOR UPDATE SKIP LOCKED
          """;

  private static final String IDS =
      """
      SELECT s.id
      FROM {schema}.job_schedules s
      WHERE s.is_active
        AND s.next_run_at <= {now}
      UNION
      SELECT s.id
      FROM {schema}.job_schedules s
      WHERE s.buffered_at IS NOT NULL
      LIMIT ?
      """;

  // Before the jobs refer to them, and without waiting: who merges or erases a user holds its row
  // and wants its schedules'. Schedules of such a user wait for the next sweep.
  private static final String OWNERS =
      """
      SELECT u.id
      FROM {schema}.users u
      WHERE u.id = ANY (?)
      ORDER BY u.id
      FOR KEY SHARE SKIP LOCKED
      """;

  private static final String MOVE_ON =
      """
      UPDATE {schema}.job_schedules
      SET next_run_at = ?,
          buffered_at = ?,
          last_run_at = COALESCE(?, last_run_at),
          last_job_id = COALESCE(?, last_job_id),
          last_skipped_at = COALESCE(?, last_skipped_at)
      WHERE id = ?
      """;

  private final String due;
  private final String dueOne;
  private final String buffered;
  private final String bufferedOne;
  private final String ids;
  private final String owners;
  private final String moveOn;
  private final ScheduledJobs scheduledJobs;
  private final Hints hints;
  private final Duration punctual;
  private final Map<UUID, String> unreadable = new ConcurrentHashMap<>();

  /** A locked schedule, at the database's time. */
  private record Ready(Schedule schedule, Instant now) {}

  /**
   * Renders the statements.
   *
   * @param pollInterval how often this node looks
   */
  FireSchedules(Schema schema, ScheduledJobs scheduledJobs, Hints hints, Duration pollInterval) {
    this.due = schema.render(DUE.replace("{which}", "TRUE"));
    this.dueOne = schema.render(DUE.replace("{which}", "s.id = ?"));
    this.buffered = schema.render(BUFFERED.replace("{which}", "TRUE"));
    this.bufferedOne = schema.render(BUFFERED.replace("{which}", "s.id = ?"));
    this.ids = schema.render(IDS);
    this.owners = schema.render(OWNERS);
    this.moveOn = schema.render(MOVE_ON);
    this.scheduledJobs = scheduledJobs;
    this.hints = hints;
    Duration twice = pollInterval.multipliedBy(2);
    this.punctual = twice.compareTo(PUNCTUAL) > 0 ? twice : PUNCTUAL;
  }

  @Override
  public boolean chunk(Tx tx) {
    String[] left = left();
    return fire(tx, select(tx, due, left, AT_ONCE), select(tx, buffered, left, AT_ONCE));
  }

  @Override
  public List<UUID> items(Tx tx) {
    return Sql.query(tx.connection(), ids, row -> row.getObject(1, UUID.class), ITEMS);
  }

  @Override
  public void item(Tx tx, UUID id) {
    String[] left = left();
    fire(tx, select(tx, dueOne, left, id, 1), select(tx, bufferedOne, left, id, 1));
  }

  /** Versions of rows that this node cannot read. */
  private String[] left() {
    return unreadable.entrySet().stream()
        .map(row -> row.getKey() + " " + row.getValue())
        .toArray(String[]::new);
  }

  /** True when there may be more. */
  private boolean fire(Tx tx, List<Ready> due, List<Ready> buffered) {
    Map<UUID, Ready> ready = new LinkedHashMap<>();
    due.forEach(one -> ready.put(one.schedule().id(), one));
    buffered.forEach(one -> ready.putIfAbsent(one.schedule().id(), one));
    if (!ready.isEmpty()) {
      Set<UUID> owners = owners(tx, ready);
      ready
          .values()
          .removeIf(
              one -> one.schedule().userId() != null && !owners.contains(one.schedule().userId()));
      Set<UUID> pending = scheduledJobs.pending(tx, ready.values().stream().map(Ready::schedule));
      ready.values().forEach(one -> fire(tx, one, pending));
    }
    return !ready.isEmpty() && (due.size() == AT_ONCE || buffered.size() == AT_ONCE);
  }

  private void fire(Tx tx, Ready one, Set<UUID> pending) {
    Schedule schedule = one.schedule();
    JobId last = schedule.lastJob();
    Firing firing =
        Firing.of(schedule, one.now(), last != null && pending.contains(last.value()), punctual);
    @Nullable JobId job = null;
    if (!firing.run().isEmpty()) {
      List<JobId> jobs = scheduledJobs.enqueue(tx, schedule, "schedule", firing.run());
      job = jobs.get(jobs.size() - 1);
      hints.ready(tx, schedule.queue());
    }
    Sql.update(
        tx.connection(),
        moveOn,
        firing.next(),
        firing.buffered(),
        firing.lastRun(),
        job == null ? null : job.value(),
        firing.skipped(),
        schedule.id());
  }

  private Set<UUID> owners(Tx tx, Map<UUID, Ready> ready) {
    UUID[] users =
        ready.values().stream()
            .map(one -> one.schedule().userId())
            .filter(Objects::nonNull)
            .distinct()
            .toArray(UUID[]::new);
    return users.length == 0
        ? Set.of()
        : new HashSet<>(
            Sql.query(
                tx.connection(), owners, row -> row.getObject(1, UUID.class), (Object) users));
  }

  private List<Ready> select(Tx tx, String statement, @Nullable Object... parameters) {
    return Sql.query(tx.connection(), statement, this::read, parameters).stream()
        .flatMap(Optional::stream)
        .toList();
  }

  /** Empty for what this node cannot read; another may, so it is left alone until it changes. */
  private Optional<Ready> read(ResultSet row) throws SQLException {
    try {
      return Optional.of(
          new Ready(ScheduleRow.read(row), Objects.requireNonNull(Sql.instant(row, "now"), "now")));
    } catch (UnreadableScheduleException e) {
      UUID id = row.getObject("id", UUID.class);
      if (unreadable.put(id, row.getString("row_version")) == null) {
        log.warn("Jobs: this node cannot read schedule {} and leaves it to others", id, e);
      }
      return Optional.empty();
    }
  }
}
