package dev.plinth.jobs.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.Page;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Started nodes fire what is due by themselves. */
@PlinthTest
class ScheduleRunTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final JobType<String> IDLE = JobType.of("idle", String.class);
  private static final JobType<Occurrence> TOLD = JobType.of("told", Occurrence.class);
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private Jobs inspect;

  @BeforeEach
  void create(Jobs injected) {
    inspect = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(inspect.check()).isEmpty();
  }

  private static Jobs node(Plinth plinth, ConcurrentLinkedQueue<Occurrence> seen) {
    return Jobs.builder(plinth)
        .handle(TOLD, (occurrence, run) -> seen.add(occurrence))
        .workers(2)
        .pollInterval(Duration.ofMillis(20))
        .build();
  }

  /** How often each schedule has fired each due time. */
  private static Map<String, Integer> fired(Plinth plinth) {
    return plinth.transactReturning(
        tx -> {
          Map<String, Integer> fired = new TreeMap<>();
          Sql.query(
              tx.connection(),
              "SELECT definition || ' ' || (metadata ->> 'dueAt'), count(*)"
                  + " FROM plinth.computational_jobs GROUP BY 1",
              row -> fired.put(row.getString(1), row.getInt(2)));
          return fired;
        });
  }

  @Test
  void manyNodes_everyDueTimeOnce(Plinth plinth, TestDatabase database, SettableClock clock) {
    int nodes = LARGE ? 10 : 4;
    int schedules = LARGE ? 40 : 12;
    int rounds = LARGE ? 60 : 8;
    ConcurrentLinkedQueue<Occurrence> seen = new ConcurrentLinkedQueue<>();
    List<AutoCloseable> open = new ArrayList<>();
    try {
      for (int i = 0; i < nodes; i++) {
        Plinth node = database.plinth(database.pool(4)).build();
        Jobs jobs = node(node, seen);
        open.add(jobs);
        open.add(node);
        // Each puts them all, as hosts do when they start.
        putAll(jobs, schedules);
        jobs.start();
      }
      Map<String, Integer> expected = new TreeMap<>();
      for (int i = 0; i < schedules; i++) {
        String name = "s" + i;
        inspect
            .schedules()
            .nextRuns(name, rounds)
            .forEach(due -> expected.put(name + " " + due, 1));
      }
      for (int round = 1; round <= rounds; round++) {
        clock.advance(MINUTE);
        int due = schedules * round;
        // And nothing is claimed: the next minute would end the lease of whoever holds it.
        await().until(() -> fired(plinth).size() >= due && claimed(plinth) == 0);
      }
      assertThat(fired(plinth)).isEqualTo(expected);
      await().until(() -> seen.size() >= expected.size());
      assertThat(seen).hasSize(expected.size()).doesNotHaveDuplicates();
    } finally {
      open.forEach(ScheduleRunTest::close);
    }
  }

  private static long claimed(Plinth plinth) {
    return plinth
        .transactReturning(
            tx ->
                Sql.query(
                    tx.connection(),
                    "SELECT count(*) FROM (SELECT job_id FROM plinth.job_leases"
                        + " UNION ALL SELECT job_id FROM plinth.job_ready) c",
                    row -> row.getLong(1)))
        .get(0);
  }

  private static void putAll(Jobs jobs, int schedules) {
    for (int i = 0; i < schedules; i++) {
      jobs.schedules()
          .put(
              NewSchedule.of("s" + i, new Every(MINUTE), TOLD)
                  .missed(Missed.upTo(1_000))
                  .overlap(Overlap.ALLOW));
    }
  }

  private static void close(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void kindWithoutHandler_isEnqueuedAllTheSame(Plinth plinth, SettableClock clock) {
    try (Jobs jobs = node(plinth, new ConcurrentLinkedQueue<>())) {
      jobs.start();
      jobs.schedules().put(NewSchedule.of("s", new Every(MINUTE), IDLE, "x"));
      clock.advance(MINUTE);
      await().until(() -> jobs.list(JobFilter.all().type(IDLE), Page.first(5)).size() == 1);
      assertThat(jobs.list(JobFilter.all().status(JobStatus.READY), Page.first(5))).hasSize(1);
    }
  }

  @Test
  void oneScheduleThatCannotBeFired_keepsNoOtherFromIt(Plinth plinth, SettableClock clock) {
    ConcurrentLinkedQueue<Occurrence> seen = new ConcurrentLinkedQueue<>();
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  RAISE EXCEPTION 'not this one';
                END $$;
                CREATE TRIGGER refuse BEFORE INSERT ON plinth.computational_jobs
                  FOR EACH ROW WHEN (NEW.type = 'idle') EXECUTE FUNCTION refuse();
                """));
    try (Jobs jobs = node(plinth, seen)) {
      jobs.start();
      jobs.schedules().put(NewSchedule.of("a bad one", new Every(MINUTE), IDLE, "x"));
      jobs.schedules().put(NewSchedule.of("good", new Every(MINUTE), TOLD));
      Instant due = jobs.schedules().find("a bad one").orElseThrow().nextRunAt();
      clock.advance(MINUTE);
      await().until(() -> seen.size() == 1);
      assertThat(jobs.schedules().find("a bad one").orElseThrow().nextRunAt()).isEqualTo(due);

      plinth.transact(
          tx ->
              Sql.execute(
                  tx.connection(),
                  "DROP TRIGGER refuse ON plinth.computational_jobs; DROP FUNCTION refuse()"));
      await().until(() -> fired(plinth).containsKey("a bad one " + due));
    }
  }

  @Test
  void jobEnds_theBufferedTimeFires(Plinth plinth, SettableClock clock) {
    ConcurrentLinkedQueue<Occurrence> seen = new ConcurrentLinkedQueue<>();
    inspect
        .schedules()
        .put(NewSchedule.of("s", new Every(MINUTE), TOLD).overlap(Overlap.BUFFER_ONE));
    inspect.schedules().trigger("s");
    clock.advance(MINUTE);
    try (Jobs jobs = node(plinth, seen)) {
      jobs.start();
      await().until(() -> seen.size() == 2);
      await().until(() -> jobs.schedules().find("s").orElseThrow().bufferedAt() == null);
    }
  }
}
