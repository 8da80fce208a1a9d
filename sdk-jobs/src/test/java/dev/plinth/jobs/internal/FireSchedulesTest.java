package dev.plinth.jobs.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Job;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.Page;
import dev.plinth.jobs.schedule.Cron;
import dev.plinth.jobs.schedule.Edge;
import dev.plinth.jobs.schedule.Every;
import dev.plinth.jobs.schedule.Missed;
import dev.plinth.jobs.schedule.NewSchedule;
import dev.plinth.jobs.schedule.Occurrence;
import dev.plinth.jobs.schedule.Overlap;
import dev.plinth.jobs.schedule.Schedule;
import dev.plinth.jobs.schedule.UnreadableScheduleException;
import dev.plinth.jobs.schedule.Window;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sweeps made by hand, as any node makes them, on a database whose clock is moved. */
@PlinthTest
class FireSchedulesTest {
  private static final JobType<String> PLAIN = JobType.of("plain", String.class);
  private static final JobType<Occurrence> TOLD = JobType.of("told", Occurrence.class);
  private static final Duration HOUR = Duration.ofHours(1);

  private Plinth plinth;
  private Jobs jobs;
  private SettableClock clock;
  private FireSchedules fire;

  @BeforeEach
  void create(Plinth plinth, Jobs jobs, SettableClock clock) {
    this.plinth = plinth;
    this.jobs = jobs;
    this.clock = clock;
    this.fire = sweepOf(plinth);
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private static FireSchedules sweepOf(Plinth plinth) {
    return new Statements(plinth).schedules().fire(Duration.ofSeconds(1));
  }

  private static boolean sweep(Plinth plinth, FireSchedules fire) {
    return plinth.transactSeparately(
        TxOptions.defaults().withAllTenants(),
        tx -> {
          // A sweep waits for nobody: one that did would do so for ever where this thread has the
          // lock.
          Sql.execute(tx.connection(), "SET LOCAL lock_timeout = '30s'");
          return fire.chunk(tx);
        });
  }

  private void sweep() {
    sweep(plinth, fire);
  }

  /** The jobs there are, oldest first. */
  private List<Job> fired() {
    List<Job> fired = new ArrayList<>(jobs.list(JobFilter.all(), Page.first(1000)));
    java.util.Collections.reverse(fired);
    return fired;
  }

  private List<Instant> dueTimes() {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                tx.connection(),
                "SELECT metadata ->> 'dueAt' FROM plinth.computational_jobs ORDER BY id",
                row -> Instant.parse(row.getString(1))));
  }

  private Schedule find(String name) {
    return jobs.schedules().find(name).orElseThrow();
  }

  private Instant next(String name) {
    return find(name).nextRunAt();
  }

  private void end(Job job) {
    execute(
        """
        WITH gone AS (DELETE FROM plinth.job_ready WHERE job_id = '%1$s' RETURNING *), told AS (
          INSERT INTO plinth.job_attempts
            (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome)
          SELECT job_id, 1, 1, job_id, now(), now(), 'failed' FROM gone
        )
        UPDATE plinth.computational_jobs SET status = 'failed', completed_at = now()
        WHERE id = '%1$s'
        """
            .formatted(job.id()));
  }

  private void execute(String sql) {
    plinth.transact(tx -> Sql.execute(tx.connection(), sql));
  }

  @Test
  void due_enqueuesOnceAndMovesOn() {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    jobs.schedules()
        .put(
            NewSchedule.of("s", new Every(HOUR), PLAIN, "x")
                .user(user)
                .queue("slow")
                .priority(7)
                .maxAttempts(2));
    Instant due = next("s");
    sweep();
    assertThat(fired()).isEmpty();

    clock.advance(HOUR);
    sweep();
    sweep();

    Job job = fired().get(0);
    assertThat(fired()).hasSize(1);
    assertThat(plinth.json().read(job.args(), String.class)).isEqualTo("x");
    assertThat(job.userId()).isEqualTo(user);
    assertThat(job.queue()).isEqualTo("slow");
    assertThat(job.priority()).isEqualTo(7);
    assertThat(job.maxAttempts()).isEqualTo(2);
    assertThat(dueTimes()).containsExactly(due);
    assertThat(
            plinth.<List<String>, RuntimeException>transactReturning(
                tx ->
                    Sql.query(
                        tx.connection(),
                        "SELECT trigger_type || ' ' || definition FROM plinth.computational_jobs",
                        row -> row.getString(1))))
        .containsExactly("schedule s");
    assertThat(next("s")).isEqualTo(due.plus(HOUR));
    assertThat(find("s").lastRunAt()).isEqualTo(due);
    assertThat(find("s").lastJob()).isEqualTo(job.id());
    assertThat(find("s").version()).isEqualTo(1);
  }

  @Test
  void sweepThatDoesNotCommit_hasDoneNothing() {
    jobs.schedules().put(NewSchedule.of("s", new Every(HOUR), PLAIN, "x"));
    clock.advance(HOUR);
    Schedule before = find("s");

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      fire.chunk(tx);
                      throw new IllegalStateException("killed");
                    }))
        .hasMessage("killed");

    assertThat(fired()).isEmpty();
    assertThat(find("s")).isEqualTo(before);
    sweep();
    assertThat(fired()).hasSize(1);
  }

  @Test
  void nodesWhoseClocksDifferByAMinute_agree(TestDatabase database) {
    try (Plinth fast =
            database.plinth(database.pool(2)).clock(() -> clock.instant().plusSeconds(60)).build();
        Plinth slow =
            database
                .plinth(database.pool(2))
                .clock(() -> clock.instant().minusSeconds(60))
                .build();
        Jobs fastJobs = Jobs.create(fast);
        Jobs slowJobs = Jobs.create(slow)) {
      Instant now = clock.instant();
      Instant ofFast =
          fastJobs.schedules().put(NewSchedule.of("f", new Every(HOUR), PLAIN, "x")).nextRunAt();
      Instant ofSlow =
          slowJobs.schedules().put(NewSchedule.of("s", new Every(HOUR), PLAIN, "x")).nextRunAt();
      assertThat(ofFast).isBetween(now.plus(HOUR), clock.instant().plus(HOUR));
      assertThat(ofSlow).isBetween(ofFast, clock.instant().plus(HOUR));

      // The fast one's own clock says that it is time, the database's does not.
      clock.set(ofFast.minusSeconds(20));
      FireSchedules ofFastNode = sweepOf(fast);
      FireSchedules ofSlowNode = sweepOf(slow);
      sweep(fast, ofFastNode);
      assertThat(fired()).isEmpty();

      // Now it is, though the slow one's own clock does not say so.
      clock.set(ofSlow.plusSeconds(1));
      sweep(slow, ofSlowNode);
      assertThat(dueTimes()).containsExactlyInAnyOrder(ofFast, ofSlow);
      sweep(fast, ofFastNode);
      sweep(slow, ofSlowNode);
      assertThat(fired()).hasSize(2);
    }
  }

  @Test
  void nodesWereDownForADay_eachPolicy() {
    for (Missed missed : List.of(Missed.skip(), Missed.one(), Missed.upTo(3), Missed.upTo(1000))) {
      jobs.schedules()
          .put(NewSchedule.of(missed.toString(), new Every(HOUR), PLAIN, "x").missed(missed));
    }
    List<Instant> due = jobs.schedules().nextRuns("One[]", 25);
    clock.set(due.get(23).plus(HOUR.dividedBy(2)));

    // As every start of a host does, which must not make it forget what was missed.
    jobs.schedules().put(NewSchedule.of("One[]", new Every(HOUR), PLAIN, "x").missed(Missed.one()));
    sweep();
    sweep();

    assertThat(dueTimesOf("Skip[]")).isEmpty();
    assertThat(dueTimesOf("One[]")).containsExactly(due.get(23));
    assertThat(dueTimesOf("UpTo[limit=3]")).hasSize(3);
    assertThat(dueTimesOf("UpTo[limit=1000]")).hasSize(24);
    assertThat(next("One[]")).isEqualTo(due.get(24));
    assertThat(next("Skip[]")).isBetween(due.get(24).minusSeconds(60), due.get(24));
  }

  private List<Instant> dueTimesOf(String name) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                tx.connection(),
                "SELECT metadata ->> 'dueAt' FROM plinth.computational_jobs"
                    + " WHERE definition = ? ORDER BY id",
                row -> Instant.parse(row.getString(1)),
                name));
  }

  @Test
  void lastJobHasNotEnded_eachOverlapPolicy() {
    for (Overlap overlap : Overlap.values()) {
      jobs.schedules()
          .put(NewSchedule.of(overlap.name(), new Every(HOUR), PLAIN, "x").overlap(overlap));
    }
    for (int hour = 0; hour < 3; hour++) {
      clock.advance(HOUR);
      sweep();
    }

    assertThat(dueTimesOf("ALLOW")).hasSize(3);
    assertThat(dueTimesOf("SKIP")).hasSize(1);
    assertThat(dueTimesOf("BUFFER_ONE")).hasSize(1);
    Schedule skipping = find("SKIP");
    assertThat(skipping.lastSkippedAt()).isEqualTo(skipping.nextRunAt().minus(HOUR));
    Schedule buffering = find("BUFFER_ONE");
    Instant waits = buffering.nextRunAt().minus(HOUR);
    assertThat(buffering.bufferedAt()).isEqualTo(waits);
    assertThat(buffering.lastSkippedAt()).isEqualTo(waits.minus(HOUR));

    fired().forEach(this::end);
    sweep();
    sweep();

    assertThat(dueTimesOf("SKIP")).hasSize(1);
    assertThat(dueTimesOf("BUFFER_ONE")).hasSize(2).endsWith(waits);
    assertThat(find("BUFFER_ONE").bufferedAt()).isNull();
    clock.advance(HOUR);
    sweep();
    assertThat(dueTimesOf("SKIP")).hasSize(2);
    assertThat(dueTimesOf("BUFFER_ONE")).hasSize(2);
  }

  @Test
  void severalMissed_mayNotOverlap_oneRuns() {
    jobs.schedules()
        .put(
            NewSchedule.of("s", new Every(HOUR), PLAIN, "x")
                .missed(Missed.upTo(10))
                .overlap(Overlap.SKIP));
    clock.advance(HOUR.multipliedBy(5));
    sweep();
    assertThat(fired()).hasSize(1);
  }

  @Test
  void window_tellsItsEdgesAndTarget() {
    LocalTime now = LocalTime.ofInstant(clock.instant(), ZoneOffset.UTC);
    LocalTime start = now.plusMinutes(90).truncatedTo(ChronoUnit.MINUTES);
    Window window =
        Window.daily(start.toString(), start.plusHours(2).toString(), "UTC")
            .targetInstances(5)
            .target(Json.of("{\"region\": \"eu\"}"));
    jobs.schedules().put(NewSchedule.of("w", window, TOLD));
    List<Instant> edges = jobs.schedules().nextRuns("w", 2);

    assertThat(jobs.schedules().openWindow("w")).isEmpty();
    clock.set(edges.get(0).plusSeconds(1));
    sweep();
    assertThat(jobs.schedules().openWindow("w"))
        .hasValueSatisfying(
            open -> {
              assertThat(open.since()).isEqualTo(edges.get(0));
              assertThat(open.until()).isEqualTo(edges.get(1));
            });
    clock.set(edges.get(1).plusSeconds(1));
    sweep();

    assertThat(jobs.schedules().openWindow("w")).isEmpty();
    assertThat(fired())
        .map(job -> plinth.json().read(job.args(), Occurrence.class))
        .containsExactly(
            new Occurrence("w", edges.get(0), Edge.START, 5, Map.of("region", "eu")),
            new Occurrence("w", edges.get(1), Edge.END, 5, Map.of("region", "eu")));
  }

  @Test
  void bothEdgesMissed_theLatestSaysHowThingsStand() {
    LocalTime start =
        LocalTime.ofInstant(clock.instant(), ZoneOffset.UTC)
            .plusMinutes(90)
            .truncatedTo(ChronoUnit.MINUTES);
    Window window = Window.daily(start.toString(), start.plusHours(2).toString(), "UTC");
    jobs.schedules().put(NewSchedule.of("w", window, TOLD));

    clock.advance(Duration.ofHours(10));
    sweep();

    assertThat(fired())
        .map(job -> plinth.json().read(job.args(), Occurrence.class).edge())
        .containsExactly(Edge.END);
  }

  @Test
  void cron_tellsItsDueTime() {
    jobs.schedules().put(NewSchedule.of("c", Cron.of("@hourly", "Europe/Berlin"), TOLD));
    Instant due = next("c");
    clock.set(due);
    sweep();
    assertThat(plinth.json().read(fired().get(0).args(), Occurrence.class))
        .isEqualTo(new Occurrence("c", due, null, null, null));
  }

  @Test
  void scheduleThatThisNodeCannotRead_keepsNoOtherFromFiring_andFiresOnceItCan() {
    jobs.schedules().put(NewSchedule.of("bad", Cron.of("@hourly", "UTC"), PLAIN, "x"));
    jobs.schedules().put(NewSchedule.of("good", Cron.of("@hourly", "UTC"), PLAIN, "x"));
    execute("UPDATE plinth.job_schedules SET zone = 'Mars/Olympus' WHERE name = 'bad'");
    clock.advance(HOUR);

    sweep();
    sweep();
    assertThat(dueTimesOf("good")).hasSize(1);
    assertThat(dueTimesOf("bad")).isEmpty();
    assertThatThrownBy(() -> jobs.schedules().find("bad"))
        .isInstanceOf(UnreadableScheduleException.class)
        .hasMessageContaining("Mars/Olympus");
    assertThat(jobs.schedules().pause("bad")).isTrue();

    execute(
        "UPDATE plinth.job_schedules SET zone = 'UTC', is_active = true,"
            + " next_run_at = (SELECT max(last_run_at) FROM plinth.job_schedules)"
            + " WHERE name = 'bad'");
    sweep();
    assertThat(dueTimesOf("bad")).hasSize(1);
  }

  @Test
  void manyDue_areAllFired() {
    int many = 130;
    for (int i = 0; i < many; i++) {
      jobs.schedules().put(NewSchedule.of("s" + i, new Every(HOUR), PLAIN, "x"));
    }
    clock.advance(HOUR);
    assertThat(sweep(plinth, fire)).isTrue();
    sweep();
    assertThat(fired()).hasSize(many);
  }

  @Test
  void lockedByAnother_isSkipped(DataSource host) throws SQLException {
    jobs.schedules().put(NewSchedule.of("held", new Every(HOUR), PLAIN, "x"));
    jobs.schedules().put(NewSchedule.of("free", new Every(HOUR), PLAIN, "x"));
    clock.advance(HOUR);
    try (Connection connection = host.getConnection()) {
      connection.setAutoCommit(false);
      jobs.in(plinth.join(connection))
          .schedules()
          .put(NewSchedule.of("held", new Every(HOUR), PLAIN, "y"));
      sweep();
      assertThat(dueTimesOf("free")).hasSize(1);
      assertThat(dueTimesOf("held")).isEmpty();
      connection.commit();
    }
    sweep();
    assertThat(dueTimesOf("held")).hasSize(1);
  }

  @Test
  void ownerIsBeingMergedOrErased_waitsForNobody(DataSource host) throws SQLException {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    jobs.schedules().put(NewSchedule.of("s", new Every(HOUR), PLAIN, "x").user(user));
    jobs.schedules().put(NewSchedule.of("free", new Every(HOUR), PLAIN, "x"));
    clock.advance(HOUR);
    try (Connection connection = host.getConnection()) {
      connection.setAutoCommit(false);
      Sql.query(connection, "SELECT id FROM plinth.users WHERE id = ? FOR UPDATE", row -> 1, user);
      sweep();
      assertThat(dueTimesOf("free")).hasSize(1);
      assertThat(dueTimesOf("s")).isEmpty();
      connection.rollback();
    }
    sweep();
    assertThat(dueTimesOf("s")).hasSize(1);
  }

  @Test
  void tenant_itsJobIsTheTenants() {
    TxOptions acme = TxOptions.defaults().withTenant("acme");
    plinth.transact(
        acme, tx -> jobs.in(tx).schedules().put(NewSchedule.of("s", new Every(HOUR), PLAIN, "x")));
    clock.advance(HOUR);
    sweep();
    assertThat(fired()).singleElement().extracting(Job::tenantId).isEqualTo("acme");
  }

  @Test
  void databaseClockSetBack_nothingFiresTwice() {
    jobs.schedules().put(NewSchedule.of("s", new Every(HOUR), PLAIN, "x"));
    clock.advance(HOUR);
    sweep();
    clock.advance(HOUR.negated());
    sweep();
    clock.advance(HOUR);
    sweep();
    assertThat(fired()).hasSize(1);
  }
}
