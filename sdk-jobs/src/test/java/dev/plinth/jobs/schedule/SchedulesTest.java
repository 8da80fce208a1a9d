package dev.plinth.jobs.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.json.Json;
import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Fault;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.Page;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class SchedulesTest {
  private record Args(String what, int count) {}

  private static final JobType<Args> REPORT = JobType.of("report", Args.class);
  private static final JobType<Occurrence> SCALE = JobType.of("scale", Occurrence.class);
  private static final Timing NIGHTLY = Cron.of("30 2 * * *", "Europe/Berlin");
  private static final Window OFFICE =
      Window.daily("08:00", "18:00", "Europe/Berlin")
          .on(DayOfWeek.MONDAY, DayOfWeek.FRIDAY)
          .targetInstances(4)
          .target(Json.of("{\"pool\": \"blue\"}"));

  private Plinth plinth;
  private Jobs jobs;
  private Schedules schedules;

  @BeforeEach
  void create(Plinth plinth, Jobs jobs) {
    this.plinth = plinth;
    this.jobs = jobs;
    this.schedules = jobs.schedules();
  }

  private static NewSchedule report(String name) {
    return NewSchedule.of(name, NIGHTLY, REPORT, new Args("all", 1));
  }

  @Test
  void put_keepsEverything() {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    UUID node = UUID.randomUUID();
    for (Timing timing : List.of(NIGHTLY, new Every(Duration.ofMillis(90_500)))) {
      NewSchedule given =
          NewSchedule.of("s", timing, REPORT.withVersion(3), new Args("all", 7))
              .missed(Missed.upTo(4))
              .overlap(Overlap.BUFFER_ONE)
              .priority(-3)
              .queue("slow")
              .maxAttempts(2)
              .user(user)
              .node(node);

      Schedule put = schedules.put(given);

      assertThat(schedules.find("s")).contains(put);
      assertThat(put.timing()).isEqualTo(timing);
      assertThat(put.type()).isEqualTo("report");
      assertThat(put.jobVersion()).isEqualTo(3);
      assertThat(plinth.json().read(put.args(), Args.class)).isEqualTo(new Args("all", 7));
      assertThat(put.missed()).isEqualTo(Missed.upTo(4));
      assertThat(put.overlap()).isEqualTo(Overlap.BUFFER_ONE);
      assertThat(put.priority()).isEqualTo(-3);
      assertThat(put.queue()).isEqualTo("slow");
      assertThat(put.maxAttempts()).isEqualTo(2);
      assertThat(put.userId()).isEqualTo(user);
      assertThat(put.nodeId()).isEqualTo(node);
      assertThat(put.isActive()).isTrue();
    }
    Schedule window = schedules.put(NewSchedule.of("w", OFFICE, SCALE).missed(Missed.skip()));
    assertThat(window.timing())
        .isEqualTo(OFFICE.target(((Window) window.timing()).target()))
        .extracting(timing -> plinth.json().read(((Window) timing).target(), Object.class))
        .hasToString("{pool=blue}");
    assertThat(window.args()).isNull();
    assertThat(window.missed()).isEqualTo(Missed.skip());
    assertThat(jobs.check()).isEmpty();
  }

  @Test
  void put_again_changesNothing(SettableClock clock) {
    Schedule first = schedules.put(report("s"));
    Schedule window = schedules.put(NewSchedule.of("w", OFFICE, SCALE));
    clock.advance(Duration.ofDays(2));

    assertThat(schedules.put(report("s"))).isEqualTo(first);
    assertThat(schedules.put(NewSchedule.of("w", OFFICE, SCALE))).isEqualTo(window);
  }

  @Test
  void put_otherTiming_countsAnewFromNow_otherwiseKeepsItsTime(SettableClock clock) {
    Schedule first = schedules.put(report("s"));
    Schedule window = schedules.put(NewSchedule.of("w", OFFICE, SCALE));
    clock.advance(Duration.ofDays(9));

    Schedule other = schedules.put(NewSchedule.of("s", NIGHTLY, REPORT, new Args("some", 1)));
    assertThat(other.nextRunAt()).isEqualTo(first.nextRunAt());
    assertThat(other.version()).isEqualTo(2);
    assertThat(other.updatedAt()).isAfter(first.updatedAt());
    assertThat(schedules.put(NewSchedule.of("w", OFFICE.targetInstances(9), SCALE)).nextRunAt())
        .isEqualTo(window.nextRunAt());

    Instant now = clock.instant();
    Schedule later =
        schedules.put(
            NewSchedule.of("s", new Every(Duration.ofDays(1)), REPORT, new Args("some", 1)));
    assertThat(later.nextRunAt()).isAfterOrEqualTo(now.plus(Duration.ofDays(1)));
    assertThat(later.id()).isEqualTo(first.id());
  }

  @Test
  void put_byManyNodesAtOnce_isOneSchedule() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(16);
    try {
      List<Callable<Schedule>> puts = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        puts.add(() -> schedules.put(report("s")));
      }
      for (Future<Schedule> put : threads.invokeAll(puts)) {
        assertThat(put.get().version()).isEqualTo(1);
      }
    } finally {
      threads.shutdown();
    }
    assertThat(schedules.list(ScheduleFilter.all(), SchedulePage.first(10))).hasSize(1);
  }

  @Test
  void pauseByAnOperator_survivesTheNextStart(SettableClock clock) {
    schedules.put(report("s"));
    assertThat(schedules.pause("s")).isTrue();
    assertThat(schedules.pause("s")).isTrue();

    Schedule paused = schedules.put(report("s"));
    assertThat(paused.isActive()).isFalse();
    assertThat(paused.version()).isEqualTo(2);
    assertThat(
            schedules
                .put(NewSchedule.of("s", new Every(Duration.ofDays(1)), REPORT, new Args("", 1)))
                .isActive())
        .isFalse();

    clock.advance(Duration.ofDays(3));
    assertThat(schedules.resume("s")).isTrue();
    Schedule resumed = schedules.find("s").orElseThrow();
    assertThat(schedules.resume("s")).isTrue();
    assertThat(schedules.find("s")).contains(resumed);
    // What was due during the pause does not count as missed.
    assertThat(resumed.nextRunAt()).isAfter(clock.instant().plus(Duration.ofHours(23)));
  }

  @Test
  void replace_onlyWhatWasRead() {
    Schedule first = schedules.put(report("s"));
    Schedule second = schedules.replace(report("s").priority(5), first.version());

    plinth.transact(
        tx -> {
          assertThatThrownBy(() -> jobs.in(tx).schedules().replace(report("s"), first.version()))
              .isInstanceOfSatisfying(
                  StaleScheduleException.class, e -> assertThat(e.version()).isEqualTo(2))
              .hasMessageContaining("is at version 2, not 1");
          assertThatThrownBy(() -> jobs.in(tx).schedules().replace(report("none"), 1))
              .isInstanceOf(UnknownScheduleException.class)
              .hasMessageContaining("none");
          assertThat(jobs.in(tx).schedules().find("s")).contains(second);
        });
  }

  @Test
  void hostRollsBack_nothingIsThere(DataSource host) throws SQLException {
    try (Connection connection = host.getConnection()) {
      connection.setAutoCommit(false);
      Schedules joined = jobs.in(plinth.join(connection)).schedules();
      joined.put(report("s"));
      assertThat(joined.find("s")).isPresent();
      connection.rollback();
    }
    assertThat(schedules.find("s")).isEmpty();
  }

  @Test
  void list_filtersAndWalksByName() {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    UUID node = UUID.randomUUID();
    for (int i = 0; i < 9; i++) {
      schedules.put(report("r" + i));
    }
    schedules.put(report("a of ada").user(user));
    schedules.put(NewSchedule.of("z of node", OFFICE, SCALE).node(node));
    schedules.pause("r3");

    List<String> walked = new ArrayList<>();
    SchedulePage page = SchedulePage.first(4);
    for (List<Schedule> found = schedules.list(ScheduleFilter.all(), page);
        !found.isEmpty();
        found = schedules.list(ScheduleFilter.all(), page)) {
      found.forEach(schedule -> walked.add(schedule.name()));
      page = page.after(walked.get(walked.size() - 1));
    }

    assertThat(walked).hasSize(11).doesNotHaveDuplicates().isSorted();
    assertThat(names(ScheduleFilter.all().user(user))).containsExactly("a of ada");
    assertThat(names(ScheduleFilter.all().node(node))).containsExactly("z of node");
    assertThat(names(ScheduleFilter.all().type(SCALE))).containsExactly("z of node");
    assertThat(names(ScheduleFilter.all().active(false))).containsExactly("r3");
    assertThat(names(ScheduleFilter.all().active(true))).hasSize(10);
  }

  private List<String> names(ScheduleFilter filter) {
    return schedules.list(filter, SchedulePage.first(100)).stream().map(Schedule::name).toList();
  }

  @Test
  void transactionOfATenant_seesThatTenantsOnly() {
    UUID nobodys = plinth.users().create(NewUser.withExternalId("grace")).id();
    TxOptions acme = TxOptions.defaults().withTenant("acme");
    plinth.transact(acme, tx -> jobs.in(tx).schedules().put(report("s")));
    Schedule own = schedules.put(report("s").priority(9));

    assertThat(own.tenantId()).isNull();
    assertThat(schedules.list(ScheduleFilter.all(), SchedulePage.first(9))).containsExactly(own);
    plinth.transact(
        TxOptions.defaults().withTenant("other"),
        tx -> {
          Schedules others = jobs.in(tx).schedules();
          assertThat(others.find("s")).isEmpty();
          assertThat(others.list(ScheduleFilter.all(), SchedulePage.first(9))).isEmpty();
          assertThat(others.openWindows(ScheduleFilter.all())).isEmpty();
          assertThat(others.pause("s")).isFalse();
          assertThat(others.resume("s")).isFalse();
          assertThat(others.delete("s")).isFalse();
          assertThatThrownBy(() -> others.trigger("s"))
              .isInstanceOf(UnknownScheduleException.class);
          assertThatThrownBy(() -> others.nextRuns("s", 1))
              .isInstanceOf(UnknownScheduleException.class);
          assertThatThrownBy(() -> others.put(report("t").user(nobodys)))
              .isInstanceOf(UnknownUserException.class);
        });
    plinth.transact(
        acme,
        tx ->
            assertThat(jobs.in(tx).schedules().find("s"))
                .hasValueSatisfying(s -> assertThat(s.tenantId()).isEqualTo("acme")));
  }

  @Test
  void unknownUser_isRefusedAndTheTransactionGoesOn() {
    UUID nobody = UUID.randomUUID();
    plinth.transact(
        tx -> {
          assertThatThrownBy(() -> jobs.in(tx).schedules().put(report("s").user(nobody)))
              .isInstanceOf(UnknownUserException.class)
              .hasMessageContaining(nobody.toString());
          jobs.in(tx).schedules().put(report("s"));
        });
    assertThat(schedules.find("s")).isPresent();
  }

  @Test
  void delete_removesIt() {
    schedules.put(report("s"));
    assertThat(schedules.delete("s")).isTrue();
    assertThat(schedules.delete("s")).isFalse();
    assertThat(schedules.find("s")).isEmpty();
  }

  @Test
  void trigger_enqueuesAndKeepsTheNextTime(SettableClock clock) {
    schedules.put(report("allow"));
    schedules.put(report("skip").overlap(Overlap.SKIP));
    schedules.put(NewSchedule.of("paused", OFFICE, SCALE));
    schedules.pause("paused");
    Instant next = schedules.find("allow").orElseThrow().nextRunAt();

    for (int i = 0; i < 2; i++) {
      assertThat(schedules.trigger("allow")).isInstanceOf(Triggered.Enqueued.class);
    }
    Triggered first = schedules.trigger("skip");
    assertThat(schedules.trigger("skip"))
        .isEqualTo(new Triggered.StillRunning(((Triggered.Enqueued) first).job()));
    Instant before = clock.instant();
    Triggered ofWindow = schedules.trigger("paused");

    assertThat(schedules.find("allow").orElseThrow().nextRunAt()).isEqualTo(next);
    assertThat(jobs.list(JobFilter.all().status(JobStatus.READY), Page.first(9))).hasSize(4);
    Job told = jobs.find(((Triggered.Enqueued) ofWindow).job()).orElseThrow();
    Occurrence occurrence = plinth.json().read(told.args(), Occurrence.class);
    assertThat(occurrence.dueAt()).isBetween(before.minusSeconds(1), clock.instant());
    assertThat(occurrence.edge())
        .isEqualTo(OFFICE.isOpenAt(occurrence.dueAt()) ? Edge.START : Edge.END);
    assertThat(
            plinth.<List<String>, RuntimeException>transactReturning(
                tx ->
                    Sql.query(
                        tx.connection(),
                        "SELECT DISTINCT trigger_type FROM plinth.computational_jobs",
                        row -> row.getString(1))))
        .containsExactly("manual");
    assertThat(jobs.check()).isEmpty();
  }

  @Test
  void nextRuns_previewsAlsoWhilePaused(SettableClock clock) {
    Schedule put = schedules.put(report("s"));

    List<Instant> runs = schedules.nextRuns("s", 5);

    assertThat(runs.get(0)).isEqualTo(put.nextRunAt());
    assertThat(runs.subList(1, 5)).isEqualTo(NIGHTLY.next(put.nextRunAt(), 4));
    schedules.pause("s");
    clock.advance(Duration.ofDays(3));
    assertThat(schedules.nextRuns("s", 1).get(0)).isAfter(clock.instant());
  }

  @Test
  void openWindows_areThoseOfTheNode(SettableClock clock) {
    UUID node = UUID.randomUUID();
    schedules.put(NewSchedule.of("office", OFFICE, SCALE).node(node));
    schedules.put(NewSchedule.of("elsewhere", OFFICE, SCALE).node(UUID.randomUUID()));
    schedules.put(NewSchedule.of("off", OFFICE, SCALE).node(node));
    schedules.pause("off");
    schedules.put(report("no window").node(node));
    Instant opens = schedules.find("office").orElseThrow().nextRunAt();
    if (!OFFICE.isOpenAt(opens)) {
      opens = OFFICE.nextAfter(opens);
    }
    clock.set(opens.plusSeconds(60));

    assertThat(schedules.openWindows(ScheduleFilter.all().node(node)))
        .singleElement()
        .satisfies(
            open -> {
              assertThat(open.schedule().name()).isEqualTo("office");
              assertThat(open.until()).isEqualTo(open.since().plus(Duration.ofHours(10)));
            });
    assertThat(schedules.openWindow("off")).isEmpty();
    assertThat(schedules.openWindow("no window")).isEmpty();
    assertThat(schedules.openWindow("none")).isEmpty();
  }

  @Test
  void usersMerged_theirSchedulesMove() {
    UUID from = plinth.users().create(NewUser.withExternalId("ada")).id();
    UUID into = plinth.users().create(NewUser.withExternalId("countess")).id();
    schedules.put(report("s").user(from));

    plinth.users().merge(from, into);

    assertThat(schedules.find("s").orElseThrow().userId()).isEqualTo(into);
    assertThat(schedules.find("s").orElseThrow().isActive()).isTrue();
  }

  @Test
  void userErased_theirSchedulesFireNoMoreAndTellNothing() {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    schedules.put(NewSchedule.of("report of ada", NIGHTLY, REPORT, new Args("ada", 1)).user(user));
    schedules.put(NewSchedule.of("pool of ada", OFFICE, SCALE).user(user));
    schedules.trigger("report of ada");
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                INSERT INTO plinth.job_attempts
                  (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome)
                SELECT job_id, 1, 1, job_id, now(), now(), 'failed' FROM plinth.job_ready;
                DELETE FROM plinth.job_ready;
                UPDATE plinth.computational_jobs SET status = 'failed', completed_at = now();
                """));

    plinth.users().erase(user);

    List<Schedule> left = schedules.list(ScheduleFilter.all(), SchedulePage.first(9));
    assertThat(left).hasSize(2);
    for (Schedule schedule : left) {
      assertThat(schedule.name()).isEqualTo("erased " + schedule.id());
      assertThat(schedule.isActive()).isFalse();
      assertThat(String.valueOf(schedule)).doesNotContain("ada", "blue");
    }
    assertThat(
            plinth.<List<String>, RuntimeException>transactReturning(
                tx ->
                    Sql.query(
                        tx.connection(),
                        "SELECT row_to_json(j)::text FROM plinth.computational_jobs j",
                        row -> row.getString(1))))
        .singleElement()
        .asString()
        .doesNotContain("of ada");
    assertThat(jobs.check()).isEmpty();
  }

  @Test
  void restored_goesOnFromTheBackupAndNoOldVersionCounts(SettableClock clock) {
    Schedule before = schedules.put(report("s"));
    clock.advance(Duration.ofDays(2));

    plinth.afterRestore(RestoreOptions.defaults());

    Schedule after = schedules.find("s").orElseThrow();
    assertThat(after.nextRunAt()).isEqualTo(before.nextRunAt());
    assertThat(after.version()).isEqualTo(before.version() + Restoring.FENCES_SKIPPED);
  }

  @Test
  void check_findsWhatMustNeverBe() {
    schedules.put(report("s"));
    schedules.trigger("s");
    schedules.put(report("other"));
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                UPDATE plinth.job_schedules o SET last_job_id = s.last_job_id
                FROM plinth.job_schedules s WHERE o.name = 'other' AND s.name = 's';
                UPDATE plinth.job_schedules SET buffered_at = now() WHERE name = 's';
                UPDATE plinth.computational_jobs SET trigger_type = 'schedule';
                """));
    assertThat(jobs.check())
        .extracting(Fault::invariant)
        .containsExactlyInAnyOrder("schedule-goes-on", "schedule-last-job");
    schedules.trigger("s");
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                UPDATE plinth.computational_jobs
                SET trigger_type = 'schedule',
                    metadata = (SELECT metadata FROM plinth.computational_jobs LIMIT 1);
                """));
    assertThat(jobs.check()).extracting(Fault::invariant).contains("due-times-once");
  }

  @Test
  void badInput_namesTheArgument() {
    assertThatThrownBy(() -> schedules.put(null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("schedule must not be null");
    assertThatThrownBy(() -> report(" "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("name must not be blank");
    assertThatThrownBy(() -> report("x".repeat(256)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("name must have at most 255 characters");
    assertThatThrownBy(() -> report("s").priority(101))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("priority must be between -100 and 100");
    assertThatThrownBy(() -> report("s").maxAttempts(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("maxAttempts must be between 1");
    assertThatThrownBy(() -> NewSchedule.of("s", OFFICE, REPORT, new Args("x", 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("args must not be given with a window");
    assertThatThrownBy(
            () ->
                new NewSchedule(
                    "s",
                    NIGHTLY,
                    REPORT,
                    null,
                    Missed.one(),
                    Overlap.SKIP,
                    0,
                    null,
                    null,
                    null,
                    null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("kind must take an Occurrence");
    assertThatThrownBy(() -> schedules.find(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("name must not be blank");
    assertThatThrownBy(() -> schedules.nextRuns("s", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("count must be between 1 and 10000, but is 0");
    assertThatThrownBy(() -> SchedulePage.first(1001))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("limit must be between 1 and 1000");
  }
}
