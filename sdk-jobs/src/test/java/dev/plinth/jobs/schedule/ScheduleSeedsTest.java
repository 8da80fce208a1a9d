package dev.plinth.jobs.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.Page;
import dev.plinth.jobs.node.NewNode;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The daily windows of an autoscaler's own {@code schedules}, put through the API: each column is
 * found again, and each window is told of when it begins and when it ends.
 *
 * <p>Their names are not unique, ours are: one that comes twice is told apart by its id. The id
 * itself has no column, and goes into {@code target}, which every job is given.
 */
@PlinthTest
class ScheduleSeedsTest {
  private static final JobType<Occurrence> SCALE = JobType.of("scale", Occurrence.class);

  /** The zone that the host meant. */
  private static final ZoneId ZONE = ZoneId.of("Europe/Berlin");

  private static final String THEIRS =
      """
      DROP SCHEMA IF EXISTS theirs CASCADE;
      CREATE SCHEMA theirs;
      CREATE TABLE theirs.nodes (id SERIAL PRIMARY KEY, name VARCHAR(255) NOT NULL, region VARCHAR(100) NOT NULL);
      CREATE TABLE theirs.schedules (
        id SERIAL PRIMARY KEY, node_id INTEGER REFERENCES theirs.nodes (id) NOT NULL,
        name VARCHAR(255) NOT NULL, start_time VARCHAR(5) NOT NULL, end_time VARCHAR(5) NOT NULL,
        target_instances INTEGER NOT NULL, is_active BOOLEAN DEFAULT TRUE, created_at TIMESTAMP DEFAULT NOW());
      INSERT INTO theirs.nodes (name, region) VALUES ('one', 'eu-frankfurt-1'), ('two', 'us-ashburn-1');
      INSERT INTO theirs.schedules (node_id, name, start_time, end_time, target_instances, is_active, created_at)
      VALUES (1, 'office', '08:00', '18:00', 6, TRUE, '2025-01-05 10:00'),
             (1, 'night', '22:00', '06:00', 1, TRUE, '2025-01-06 10:00:00.123456'),
             (2, 'night', '23:30', '05:15', 0, TRUE, '2025-01-07 10:00'),
             (2, 'holidays', '00:00', '23:59', 2, FALSE, '2025-07-08 10:00');
      """;

  private static final String ROWS =
      """
      SELECT s.id, n.name AS node, s.start_time, s.end_time, s.target_instances, s.is_active,
        s.created_at AT TIME ZONE ? AS created_at,
        CASE count(*) OVER (PARTITION BY s.name) WHEN 1 THEN s.name ELSE left(s.name, 240) || ' #' || s.id END AS name
      FROM theirs.schedules s JOIN theirs.nodes n ON n.id = s.node_id ORDER BY s.id
      """;

  /** A row of theirs. */
  private record Row(
      int id,
      String node,
      String name,
      String start,
      String end,
      int target,
      boolean active,
      Instant createdAt) {}

  private final Map<String, UUID> nodes = new TreeMap<>();
  private Jobs jobs;

  @BeforeEach
  void takeOver(Plinth plinth, Jobs injected) {
    jobs = injected;
    plinth.transact(tx -> Sql.execute(tx.connection(), THEIRS));
    for (String node : List.of("one", "two")) {
      nodes.put(node, jobs.nodes().register(NewNode.of(node, "eu-frankfurt-1")).id().value());
    }
    plinth.transact(tx -> rows(tx).forEach(row -> put(tx, row)));
  }

  private static List<Row> rows(Tx tx) {
    return Sql.query(
        tx.connection(),
        ROWS,
        row ->
            new Row(
                row.getInt("id"),
                row.getString("node"),
                row.getString("name"),
                row.getString("start_time"),
                row.getString("end_time"),
                row.getInt("target_instances"),
                row.getBoolean("is_active"),
                Sql.instant(row, "created_at")),
        ZONE.getId());
  }

  private void put(Tx tx, Row row) {
    Schedules schedules = jobs.in(tx).schedules();
    schedules.put(
        NewSchedule.of(
                row.name(),
                Window.daily(row.start(), row.end(), ZONE.getId())
                    .targetInstances(row.target())
                    .target(Json.of("{\"scheduleId\": " + row.id() + "}")),
                SCALE)
            .node(nodes.get(row.node())));
    if (!row.active()) {
      schedules.pause(row.name());
    }
    // The API says when it was put here.
    Sql.update(
        tx.connection(),
        "UPDATE plinth.job_schedules SET created_at = ? WHERE name = ?",
        row.createdAt(),
        row.name());
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  @Test
  void windowsOfTheSeed_takenOver_areAllThere() {
    List<Schedule> all = jobs.schedules().list(ScheduleFilter.all(), SchedulePage.first(9));

    assertThat(all)
        .extracting(Schedule::name, Schedule::nodeId, Schedule::isActive, Schedule::createdAt)
        .containsExactlyInAnyOrder(
            tuple("office", nodes.get("one"), true, Instant.parse("2025-01-05T09:00:00Z")),
            tuple("night #2", nodes.get("one"), true, Instant.parse("2025-01-06T09:00:00.123456Z")),
            tuple("night #3", nodes.get("two"), true, Instant.parse("2025-01-07T09:00:00Z")),
            tuple("holidays", nodes.get("two"), false, Instant.parse("2025-07-08T08:00:00Z")));
    assertThat(all)
        .extracting(schedule -> (Window) schedule.timing())
        .extracting(
            Window::start,
            Window::end,
            Window::targetInstances,
            Window::days,
            Window::zone,
            Window::target)
        .containsExactlyInAnyOrder(
            expected("08:00", "18:00", 6, 1),
            expected("22:00", "06:00", 1, 2),
            expected("23:30", "05:15", 0, 3),
            expected("00:00", "23:59", 2, 4));
    assertThat(
            jobs.schedules()
                .list(ScheduleFilter.all().node(nodes.get("two")), SchedulePage.first(9)))
        .extracting(Schedule::name)
        .containsExactly("holidays", "night #3");
  }

  private static Tuple expected(String start, String end, int target, int id) {
    return tuple(
        LocalTime.parse(start),
        LocalTime.parse(end),
        target,
        EnumSet.allOf(DayOfWeek.class),
        ZONE,
        Json.of("{\"scheduleId\": " + id + "}"));
  }

  @Test
  void windowsOfTheSeed_beginAndEnd_areToldOf(Plinth plinth, SettableClock clock) {
    LinkedBlockingQueue<Occurrence> seen = new LinkedBlockingQueue<>();
    try (Jobs running =
        Jobs.builder(plinth)
            .handle(SCALE, (occurrence, run) -> seen.add(occurrence))
            .workers(2)
            .pollInterval(Duration.ofMillis(20))
            .build()) {
      running.start();
      for (int edge = 0; edge < 6; edge++) {
        Schedule next = next();
        Instant due = next.nextRunAt();
        Window window = (Window) next.timing();
        clock.set(due);
        await().until(() -> !seen.isEmpty());

        Occurrence told = seen.remove();
        LocalTime local = due.atZone(ZONE).toLocalTime();
        assertThat(told.schedule()).isEqualTo(next.name());
        assertThat(told.dueAt()).isEqualTo(due);
        assertThat(told.targetInstances()).isEqualTo(window.targetInstances());
        assertThat(told.target()).containsOnlyKeys("scheduleId");
        assertThat(told.edge()).isEqualTo(local.equals(window.start()) ? Edge.START : Edge.END);
        assertThat(local).isIn(window.start(), window.end());
        assertThat(jobs.schedules().openWindow(next.name()).isPresent())
            .isEqualTo(told.edge() == Edge.START);
        // The next leap of the clock would end the claim of whoever has not ended.
        int ended = edge + 1;
        await()
            .until(
                () ->
                    jobs.list(JobFilter.all().status(JobStatus.COMPLETED), Page.first(9)).size()
                        == ended);
      }
      // Three windows, each begun and ended once in a day; the one that is paused said nothing.
      assertThat(seen).isEmpty();
    }
  }

  /** The schedule that is due before all others. */
  private Schedule next() {
    return jobs.schedules().list(ScheduleFilter.all().active(true), SchedulePage.first(9)).stream()
        .min(Comparator.comparing(Schedule::nextRunAt))
        .orElseThrow();
  }
}
