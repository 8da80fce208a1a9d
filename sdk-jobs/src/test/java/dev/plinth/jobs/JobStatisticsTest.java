package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is counted is what was committed, before and after it is folded. */
@PlinthTest
class JobStatisticsTest {
  /** Not again before the test is long over. */
  private static final JobType<Number> LATER =
      JobType.of("later", Number.class)
          .withRetryPolicy(
              RetryPolicy.defaults().withDelays(Duration.ofDays(365), Duration.ofDays(365)));

  private static final JobType<Number> ONCE =
      JobType.of("once", Number.class).withRetryPolicy(RetryPolicy.never());
  private static final JobType<Number> HELD = JobType.of("held", Number.class).withQueue("held");

  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private Jobs inspect;

  @BeforeEach
  void create(Jobs injected) {
    inspect = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(inspect.check()).isEmpty();
  }

  private Jobs runner(Plinth plinth) {
    Jobs jobs =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, (args, run) -> {})
            .handle(
                LATER,
                (args, run) -> {
                  throw new IllegalStateException("every time");
                })
            .handle(
                ONCE,
                (args, run) -> {
                  throw new IllegalStateException("for good");
                })
            .handle(
                HELD,
                (args, run) ->
                    plinth.transact(
                        tx -> {
                          run.completeIn(tx);
                          begun.countDown();
                          goOn.await();
                        }))
            .workers(4)
            .pollInterval(Duration.ofMillis(20))
            .build();
    jobs.start();
    return jobs;
  }

  /** Not one that is remembered. */
  private static JobStatistics now(Plinth plinth) {
    return Jobs.create(plinth).statistics();
  }

  private static Throughput ended(JobStatistics statistics, String queue) {
    return statistics.queue(queue).orElseThrow().lastHour();
  }

  private static long rows(Plinth plinth, String table) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(), "SELECT count(*) FROM plinth." + table, row -> row.getLong(1))
                .get(0));
  }

  private static List<Number> numbers(int count) {
    return IntStream.range(0, count).mapToObj(Number::new).toList();
  }

  @Test
  void everyOutcome_twoNodes_countedOnce_foldedOrNot(Plinth plinth, TestNodes nodes) {
    inspect.enqueueAll(Kinds.PLAIN, numbers(500), JobOptions.defaults());
    inspect.enqueueAll(ONCE, numbers(20), JobOptions.defaults());
    inspect.enqueueAll(LATER, numbers(10), JobOptions.defaults());
    try (Jobs one = runner(plinth);
        Jobs two = runner(nodes.start("two").plinth())) {
      await().until(() -> inspect.list(by(JobStatus.FAILED), Page.first(100)).size() == 20);
      await().until(() -> inspect.list(by(JobStatus.RETRYING), Page.first(100)).size() == 10);
      await().until(() -> inspect.list(by(JobStatus.COMPLETED), Page.first(1_000)).size() == 500);

      exactly(now(plinth));
      await().until(() -> rows(plinth, "job_count_deltas") == 0);
      exactly(now(plinth));
    }
    // Both spans hold the same attempts.
    assertThat(counted(plinth, "minute")).isEqualTo(counted(plinth, "hour")).isEqualTo(530);
  }

  private static JobFilter by(JobStatus status) {
    return JobFilter.all().status(status);
  }

  private static void exactly(JobStatistics statistics) {
    Throughput all = ended(statistics, "default");
    assertThat(all.completed()).isEqualTo(500);
    assertThat(all.failed()).isEqualTo(20);
    assertThat(all.retried()).isEqualTo(10);
    assertThat(all.lost() + all.cancelled() + all.snoozed()).isZero();
    assertThat(statistics.queue("default").orElseThrow().types())
        .filteredOn(type -> type.type().equals("once"))
        .singleElement()
        .satisfies(
            type -> {
              assertThat(type.lastHour().failed()).isEqualTo(20);
              assertThat(type.lastHour().completed()).isZero();
            });
  }

  private static long counted(Plinth plinth, String span) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT COALESCE(sum(attempts), 0) FROM plinth.job_statistics WHERE span = ?",
                    row -> row.getLong(1),
                    span)
                .get(0));
  }

  private static long waits(Plinth plinth) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    """
                    SELECT COALESCE(sum(x.waits), 0)
                    FROM (
                      SELECT waits FROM plinth.job_statistics WHERE span = 'hour'
                      UNION ALL
                      SELECT waits FROM plinth.job_count_deltas
                    ) x
                    """,
                    row -> row.getLong(1))
                .get(0));
  }

  @Test
  void endCommittedAfterLaterOnesWereFolded_isNotForgotten(Plinth plinth) throws Exception {
    try (Jobs jobs = runner(plinth)) {
      JobId held = jobs.enqueue(HELD, new Number(1));
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
      jobs.enqueueAll(Kinds.PLAIN, numbers(50), JobOptions.defaults());
      await().until(() -> counted(plinth, "minute") == 50 && rows(plinth, "job_count_deltas") == 0);
      assertThat(now(plinth).queue("held").orElseThrow().lastHour().completed()).isZero();

      goOn.countDown();

      await().until(() -> jobs.find(held).orElseThrow().status() == JobStatus.COMPLETED);
      assertThat(ended(now(plinth), "held").completed()).isEqualTo(1);
      await().until(() -> rows(plinth, "job_count_deltas") == 0);
      assertThat(ended(now(plinth), "held").completed()).isEqualTo(1);
    }
  }

  @Test
  void completionRolledBack_isNotCounted(Plinth plinth) {
    JobType<Number> torn = JobType.of("torn", Number.class).withRetryPolicy(RetryPolicy.never());
    try (Jobs jobs =
        Jobs.builder(plinth)
            .handle(
                torn,
                (args, run) ->
                    plinth.transact(
                        tx -> {
                          run.completeIn(tx);
                          throw new IllegalStateException("after all");
                        }))
            .build()) {
      jobs.start();
      JobId id = jobs.enqueue(torn, new Number(1));
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.FAILED);
    }
    assertThat(ended(now(plinth), "default").completed()).isZero();
    assertThat(ended(now(plinth), "default").failed()).isEqualTo(1);
  }

  @Test
  void attemptsOfADeadInstance_areCountedAsLost_orAsFailed(Plinth plinth) {
    leaseToADeadInstance(plinth, inspect.enqueue(Kinds.PLAIN, new Number(1)));
    leaseToADeadInstance(plinth, inspect.enqueue(ONCE, new Number(2)));
    try (Jobs jobs = runner(plinth)) {
      await().until(() -> !inspect.list(by(JobStatus.COMPLETED), Page.first(1)).isEmpty());
      await().until(() -> !inspect.list(by(JobStatus.FAILED), Page.first(1)).isEmpty());
    }
    Throughput all = ended(now(plinth), "default");
    assertThat(all.lost()).isEqualTo(1);
    assertThat(all.failed()).isEqualTo(1);
    assertThat(all.completed()).isEqualTo(1);
    // Of neither is it known how long it waited: the completed one was not in its first attempt.
    assertThat(waits(plinth)).isZero();
  }

  private static void leaseToADeadInstance(Plinth plinth, JobId id) {
    plinth.transact(tx -> Leases.give(tx, id, id.value(), id.value(), true));
  }

  @Test
  void timesOfRunsAndWaits_areThoseOfTheDatabase(Plinth plinth, SettableClock clock) {
    inspect.enqueue(Kinds.PLAIN, new Number(1));
    clock.advance(Duration.ofSeconds(20));
    try (Jobs jobs =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, (args, run) -> clock.advance(Duration.ofSeconds(5)))
            .build()) {
      jobs.start();
      await().until(() -> !inspect.list(by(JobStatus.COMPLETED), Page.first(1)).isEmpty());
    }
    Throughput all = ended(now(plinth), "default");
    assertThat(all.meanRun()).isEqualTo(all.longestRun()).isGreaterThanOrEqualTo(seconds(5));
    assertThat(all.medianRun()).isEqualTo(all.longestRun());
    assertThat(all.meanWait()).isEqualTo(all.longestWait()).isGreaterThanOrEqualTo(seconds(20));

    clock.advance(Duration.ofMinutes(3));
    assertThat(now(plinth).queue("default").orElseThrow().lastMinute().completed()).isZero();
    assertThat(ended(now(plinth), "default").completed()).isEqualTo(1);
    clock.advance(Duration.ofHours(1));
    assertThat(now(plinth).queues()).isEmpty();
  }

  private static Duration seconds(long seconds) {
    return Duration.ofSeconds(seconds);
  }

  @Test
  void depth_byWhereJobsStand(Plinth plinth, SettableClock clock) throws Exception {
    inspect.enqueueAll(Kinds.PLAIN, numbers(3), JobOptions.defaults());
    inspect.enqueueAll(Kinds.PLAIN, numbers(2), JobOptions.defaults().priority(7));
    inspect.enqueue(Kinds.OTHER, new Number(1), JobOptions.defaults().delay(Duration.ofHours(2)));
    JobId first = inspect.list(JobFilter.all(), Page.first(1)).get(0).id();
    inspect.enqueue(Kinds.OTHER, new Number(2), JobOptions.defaults().after(first));
    clock.advance(Duration.ofMinutes(10));
    JobStatistics before = now(plinth);
    QueueStatistics plain = before.queue("default").orElseThrow();
    assertThat(plain.depth().ready()).hasToString("5");
    assertThat(plain.depth().running()).isEqualTo(JobCount.NONE);
    assertThat(plain.oldestDue()).isGreaterThanOrEqualTo(Duration.ofMinutes(10));
    assertThat(before.queue("other").orElseThrow().depth().scheduled()).hasToString("1");
    assertThat(before.queue("other").orElseThrow().oldestDue()).isZero();
    assertThat(before.queue("other").orElseThrow().depth().waiting()).hasToString("1");
    assertThat(before.nodes()).isEmpty();

    try (Jobs jobs =
        Jobs.builder(plinth)
            .handle(
                Kinds.PLAIN,
                (args, run) -> {
                  begun.countDown();
                  goOn.await();
                })
            .workers(2)
            .gracePeriod(Duration.ofMinutes(1))
            .build()) {
      jobs.start();
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
      await()
          .untilAsserted(
              () -> {
                JobStatistics during = now(plinth);
                assertThat(during.nodes())
                    .singleElement()
                    .satisfies(
                        node -> {
                          assertThat(node.instanceId()).isEqualTo(plinth.instances().id());
                          assertThat(node.name()).isEqualTo("test");
                          assertThat(node.alive()).isTrue();
                          assertThat(node.workers()).isEqualTo(2);
                          assertThat(node.claimed().atLeast()).isGreaterThanOrEqualTo(2);
                        });
                Depth depth = during.queue("default").orElseThrow().depth();
                assertThat(depth.ready().atLeast() + depth.running().atLeast()).isEqualTo(5);
              });
      goOn.countDown();
    }
    assertThat(now(plinth).nodes()).isEmpty();
  }

  @Test
  void depth_beyondTheBound_saysAtLeast(Plinth plinth) {
    inspect.enqueueAll(Kinds.PLAIN, numbers(10_050), JobOptions.defaults());
    inspect.enqueueAll(Kinds.OTHER, numbers(4), JobOptions.defaults());

    JobStatistics statistics = now(plinth);

    assertThat(statistics.queue("default").orElseThrow().depth().ready()).hasToString("10000+");
    assertThat(statistics.queue("other").orElseThrow().depth().ready()).hasToString("4");
  }

  @Test
  void statistics_askedAgainAtOnce_areRemembered() {
    JobStatistics first = inspect.statistics();
    assertThat(inspect.statistics()).isSameAs(first);
    await().until(() -> inspect.statistics() != first);
  }

  /** By PostgreSQL's own count of scans. */
  @Test
  void statistics_ofManyJobs_lookAtTheFirstOfEachLineOnly(TestDatabase database) throws Exception {
    int reads = 5;
    int lines = 3;
    try (HikariDataSource pool = database.pool(6);
        Plinth plinth = database.plinth(pool).build()) {
      Jobs jobs = Jobs.create(plinth);
      jobs.enqueueAll(Kinds.PLAIN, numbers(500), JobOptions.defaults());
      jobs.enqueueAll(ONCE, numbers(50), JobOptions.defaults());
      try (Jobs runner = runner(plinth)) {
        await()
            .until(
                () -> {
                  Throughput ended = ended(now(plinth), "default");
                  return ended.completed() == 500 && ended.failed() == 50;
                });
        assertThat(runner).isNotNull();
      }
      jobs.enqueueAll(Kinds.PLAIN, numbers(1_000), JobOptions.defaults());
      jobs.enqueueAll(Kinds.PLAIN, numbers(500), JobOptions.defaults().priority(7));
      jobs.enqueueAll(Kinds.OTHER, numbers(500), JobOptions.defaults());
    }
    try (Connection connection = database.connect()) {
      Sql.execute(connection, "ANALYZE");
    }
    Counters.reset(database);

    try (HikariDataSource pool = database.pool(2);
        Plinth plinth = database.plinth(pool).build()) {
      for (int i = 0; i < reads; i++) {
        JobStatistics statistics = now(plinth);
        assertThat(statistics.queue("default").orElseThrow().depth().ready()).hasToString("1500");
        assertThat(statistics.queue("other").orElseThrow().oldestDue()).isNotNull();
        assertThat(ended(statistics, "default").failed()).isEqualTo(50);
      }
    }

    await()
        .untilAsserted(
            () -> assertThat(Counters.of(database, "job_ready", "idx_scan")).isPositive());
    assertThat(Counters.of(database, "computational_jobs", "seq_scan")).isZero();
    assertThat(Counters.of(database, "computational_jobs", "idx_scan"))
        .isLessThanOrEqualTo((long) lines * reads);
    assertThat(Counters.of(database, "job_attempts", "seq_scan")).isZero();
    assertThat(Counters.of(database, "job_attempts", "idx_scan")).isZero();
  }
}
