package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class UniqueTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));

  private Jobs jobs;

  @BeforeEach
  void create(Jobs injected) {
    jobs = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private static JobOptions by(Unique unique) {
    return JobOptions.defaults().unique(unique);
  }

  private static long count(Plinth plinth, String table) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(), "SELECT count(*) FROM plinth." + table, row -> row.getLong(1))
                .get(0));
  }

  @Test
  void sixtyFourThreadsOnEightConnections_oneRow(TestDatabase database) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(64);
    try (Plinth plinth = database.plinth(database.pool(8)).build()) {
      Jobs producer = Jobs.create(plinth);
      int rounds = LARGE ? 100 : 10;
      for (int round = 0; round < rounds; round++) {
        Unique unique = Unique.byKey("round " + round);
        CountDownLatch start = new CountDownLatch(1);
        List<Future<Enqueued>> results = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
          Number number = new Number(i);
          results.add(
              threads.submit(
                  () -> {
                    start.await();
                    return producer.enqueueOrFind(Kinds.PLAIN, number, by(unique));
                  }));
        }
        start.countDown();
        Set<JobId> ids = ConcurrentHashMap.newKeySet();
        int fresh = 0;
        for (Future<Enqueued> result : results) {
          Enqueued enqueued = result.get(60, TimeUnit.SECONDS);
          ids.add(enqueued.id());
          fresh += enqueued instanceof Enqueued.Fresh ? 1 : 0;
        }
        assertThat(ids).hasSize(1);
        assertThat(fresh).isEqualTo(1);
        assertThat(count(plinth, "computational_jobs")).isEqualTo(round + 1L);
        assertThat(count(plinth, "job_ready")).isEqualTo(round + 1L);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** Each policy, and the states in which its key must be held; in all others it must be free. */
  private static final Map<Unique, Set<JobStatus>> POLICIES =
      Map.of(
          Unique.byKey("until ended"),
          Set.of(
              JobStatus.WAITING,
              JobStatus.SCHEDULED,
              JobStatus.RETRYING,
              JobStatus.LIMITED,
              JobStatus.READY,
              JobStatus.RUNNING),
          Unique.byKey("while waiting").whileWaiting(),
          Set.of(
              JobStatus.WAITING,
              JobStatus.SCHEDULED,
              JobStatus.RETRYING,
              JobStatus.LIMITED,
              JobStatus.READY),
          Unique.byKey("until failed").untilFailed(),
          Set.of(
              JobStatus.WAITING,
              JobStatus.SCHEDULED,
              JobStatus.RETRYING,
              JobStatus.LIMITED,
              JobStatus.READY,
              JobStatus.RUNNING,
              JobStatus.COMPLETED),
          Unique.byKey("running only").whileIn(JobStatus.RUNNING),
          Set.of(JobStatus.RUNNING),
          Unique.byKey("in this year or so").within(Duration.ofDays(366)),
          Set.of(JobStatus.values()));

  @Test
  void key_isFreeInExactlyTheStatesThatThePolicyNames(Plinth plinth) throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    jobs.limits().set(Limit.queue("narrow").maxRunning(0));
    JobType<Number> type =
        JobType.of("moody", Number.class)
            .withRetryPolicy(
                RetryPolicy.defaults().withDelays(Duration.ofDays(300), Duration.ofDays(300)));
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(
                type,
                (args, run) -> {
                  switch (JobStatus.values()[args.value()]) {
                    case RUNNING -> goOn.await();
                    case RETRYING -> throw new IllegalStateException("again");
                    case FAILED -> throw run.discard("for good");
                    default -> {}
                  }
                })
            .workers(16)
            .pollInterval(Duration.ofMillis(50))
            .build()) {
      runner.start();
      for (Map.Entry<Unique, Set<JobStatus>> policy : POLICIES.entrySet()) {
        Map<JobStatus, JobId> holders = new EnumMap<>(JobStatus.class);
        for (JobStatus status : JobStatus.values()) {
          // Each state in a tenant of its own, so that they do not get in each other's way.
          holders.put(status, enqueue(plinth, type, status, policy.getKey()).id());
        }
        for (JobStatus status : JobStatus.values()) {
          JobId holder = holders.get(status);
          if (status == JobStatus.CANCELLED) {
            assertThat(jobs.cancel(holder)).isEqualTo(CancelResult.CANCELLED);
          }
          await().until(() -> jobs.find(holder).orElseThrow().status() == status);

          Enqueued second = enqueue(plinth, type, status, policy.getKey());

          if (policy.getValue().contains(status)) {
            assertThat(second)
                .as("%s in %s", policy.getKey(), status)
                .isEqualTo(new Enqueued.Duplicate(holder));
          } else {
            assertThat(second)
                .as("%s in %s", policy.getKey(), status)
                .isInstanceOf(Enqueued.Fresh.class);
            assertThat(second.id()).isNotEqualTo(holder);
          }
        }
      }
      goOn.countDown();
    }
  }

  private Enqueued enqueue(Plinth plinth, JobType<Number> type, JobStatus status, Unique unique) {
    JobOptions options = by(unique);
    options =
        switch (status) {
          case SCHEDULED, CANCELLED -> options.delay(Duration.ofDays(3));
          // Nobody claims from there.
          case READY -> options.queue("elsewhere");
          case LIMITED -> options.queue("narrow");
          default -> options;
        };
    JobOptions chosen = options;
    return plinth.transactReturning(
        TxOptions.defaults().withTenant(status.name()),
        tx -> {
          JobQueue queue = jobs.in(tx);
          JobOptions last = chosen;
          if (status == JobStatus.WAITING) {
            last =
                last.after(
                    queue.enqueue(
                        Kinds.OTHER, new Number(0), JobOptions.defaults().queue("elsewhere")));
          }
          return queue.enqueueOrFind(type, new Number(status.ordinal()), last);
        });
  }

  @Test
  void sameKeyUncommitted_secondWaitsForTheFirst(Plinth plinth, DataSource host) throws Exception {
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      for (boolean commits : new boolean[] {false, true}) {
        Unique unique = Unique.byKey("commits: " + commits);
        JobId first;
        Future<Enqueued> second;
        try (Connection connection = host.getConnection()) {
          connection.setAutoCommit(false);
          first = jobs.in(plinth.join(connection)).enqueue(Kinds.PLAIN, new Number(1), by(unique));
          second = other.submit(() -> jobs.enqueueOrFind(Kinds.PLAIN, new Number(2), by(unique)));
          await().until(() -> isAnyoneWaitingForALock(plinth));
          assertThat(second.isDone()).isFalse();
          if (commits) {
            connection.commit();
          } else {
            connection.rollback();
          }
        }
        Enqueued enqueued = second.get(60, TimeUnit.SECONDS);
        if (commits) {
          assertThat(enqueued).isEqualTo(new Enqueued.Duplicate(first));
        } else {
          assertThat(enqueued).isInstanceOf(Enqueued.Fresh.class);
          assertThat(jobs.find(enqueued.id())).isPresent();
          assertThat(jobs.find(first)).isEmpty();
        }
      }
    } finally {
      other.shutdownNow();
    }
  }

  private static boolean isAnyoneWaitingForALock(Plinth plinth) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT count(*) > 0 FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND wait_event_type = 'Lock'",
                    row -> row.getBoolean(1))
                .get(0));
  }

  @Test
  void duplicate_joinedTransactionGoesOn(Plinth plinth, DataSource host) throws SQLException {
    JobId there = jobs.enqueue(Kinds.PLAIN, new Number(1), by(Unique.byKey("k")));
    JobId other;
    try (Connection connection = host.getConnection()) {
      connection.setAutoCommit(false);
      JobQueue queue = jobs.in(plinth.join(connection));
      assertThat(queue.enqueue(Kinds.PLAIN, new Number(2), by(Unique.byKey("k")))).isEqualTo(there);
      other = queue.enqueue(Kinds.PLAIN, new Number(3), by(Unique.byKey("l")));
      assertThat(queue.enqueue(Kinds.PLAIN, new Number(4), by(Unique.byKey("l")))).isEqualTo(other);
      connection.commit();
    }
    assertThat(jobs.list(JobFilter.all(), Page.first(10)))
        .extracting(Job::id)
        .containsExactlyInAnyOrder(there, other);
  }

  @Test
  void tenantsAndTypes_haveKeysOfTheirOwn(Plinth plinth) {
    JobOptions options = by(Unique.byKey("k"));
    JobId nobodys = jobs.enqueue(Kinds.PLAIN, new Number(1), options);
    JobId acmes =
        plinth.transactReturning(
            TxOptions.defaults().withTenant("acme"),
            tx -> jobs.in(tx).enqueue(Kinds.PLAIN, new Number(1), options));
    JobId others = jobs.enqueue(Kinds.OTHER, new Number(1), options);

    assertThat(Set.of(nobodys, acmes, others)).hasSize(3);
    assertThat(jobs.enqueue(Kinds.PLAIN, new Number(9), options)).isEqualTo(nobodys);
  }

  @Test
  void within_oneJobPerWindowOfTheDatabasesClock(SettableClock clock) {
    Unique hourly = Unique.byKey("k").within(Duration.ofHours(1));
    Instant hour = clock.instant().plus(Duration.ofDays(1)).truncatedTo(ChronoUnit.HOURS);
    clock.set(hour.plus(Duration.ofMinutes(20)));
    JobId first = jobs.enqueue(Kinds.PLAIN, new Number(1), by(hourly));
    jobs.cancel(first);

    clock.set(hour.plus(Duration.ofMinutes(55)));
    assertThat(jobs.enqueue(Kinds.PLAIN, new Number(1), by(hourly))).isEqualTo(first);

    clock.set(hour.plus(Duration.ofMinutes(60)));
    JobId second = jobs.enqueue(Kinds.PLAIN, new Number(1), by(hourly));
    assertThat(second).isNotEqualTo(first);
    assertThat(jobs.enqueue(Kinds.PLAIN, new Number(1), by(hourly.untilEnded()))).isEqualTo(second);
  }

  @Test
  void byArgs_eachOwnKey_comparedAsJsonb(Plinth plinth) {
    record Loose(Map<String, Integer> map) {}

    JobType<Loose> type = JobType.of("loose", Loose.class);
    Map<String, Integer> one = new LinkedHashMap<>();
    one.put("a", 1);
    one.put("b", 2);
    Map<String, Integer> sameInAnotherOrder = new LinkedHashMap<>();
    sameInAnotherOrder.put("b", 2);
    sameInAnotherOrder.put("a", 1);

    List<JobId> ids =
        jobs.enqueueAll(
            type,
            List.of(new Loose(one), new Loose(Map.of("c", 3)), new Loose(sameInAnotherOrder)),
            by(Unique.byArgs()));
    List<JobId> again =
        jobs.enqueueAll(
            type, List.of(new Loose(Map.of("d", 4)), new Loose(one)), by(Unique.byArgs()));

    assertThat(ids.get(0)).isNotEqualTo(ids.get(1)).isEqualTo(ids.get(2));
    assertThat(again.get(1)).isEqualTo(ids.get(0));
    assertThat(count(plinth, "computational_jobs")).isEqualTo(3);
  }

  @Test
  void byArgs_manyAtOnceInOppositeOrders_noDeadlockAndOneEach(TestDatabase database)
      throws Exception {
    List<Number> ascending = IntStream.range(0, 500).mapToObj(Number::new).toList();
    List<Number> descending = IntStream.range(0, 500).mapToObj(i -> new Number(499 - i)).toList();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Plinth plinth = database.plinth(database.pool(4)).build()) {
      Jobs producer = Jobs.create(plinth);
      List<Future<List<JobId>>> results = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        List<Number> args = i % 2 == 0 ? ascending : descending;
        results.add(
            threads.submit(
                () ->
                    plinth.transactReturning(
                        TxOptions.defaults().withMaxAttempts(1),
                        tx -> producer.in(tx).enqueueAll(Kinds.PLAIN, args, by(Unique.byArgs())))));
      }
      for (Future<List<JobId>> result : results) {
        assertThat(result.get(60, TimeUnit.SECONDS)).doesNotHaveDuplicates().hasSize(500);
      }
      assertThat(count(plinth, "computational_jobs")).isEqualTo(500);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void batch_countsOnlyWhatIsFresh_andAClosedOneLeavesNothing(Plinth plinth) {
    jobs.enqueue(Kinds.PLAIN, new Number(1), by(Unique.byArgs()));
    BatchId batch = jobs.batch("b").create();
    jobs.enqueueAll(
        Kinds.PLAIN,
        List.of(new Number(1), new Number(2), new Number(2)),
        by(Unique.byArgs()).batch(batch));
    assertThat(jobs.batch(batch).orElseThrow().total()).isEqualTo(1);
    jobs.seal(batch);

    plinth.transact(
        tx ->
            assertThatThrownBy(
                    () ->
                        jobs.in(tx)
                            .enqueue(
                                Kinds.PLAIN, new Number(3), by(Unique.byKey("k")).batch(batch)))
                .isInstanceOf(BatchClosedException.class));
    assertThat(count(plinth, "job_unique")).isEqualTo(2);
  }

  @Test
  void sameKeyAgainAndAgainWhileItsJobsRun_neverTwoAtATime(TestDatabase database) throws Exception {
    int rounds = LARGE ? 3_000 : 300;
    AtomicInteger atWork = new AtomicInteger();
    AtomicInteger together = new AtomicInteger();
    AtomicInteger runs = new AtomicInteger();
    Set<JobId> fresh = ConcurrentHashMap.newKeySet();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Plinth plinth = database.plinth(database.pool(12)).build();
        Jobs runner =
            Jobs.builder(plinth)
                .handle(
                    Kinds.PLAIN,
                    (args, run) -> {
                      if (atWork.incrementAndGet() > 1) {
                        together.incrementAndGet();
                      }
                      runs.incrementAndGet();
                      atWork.decrementAndGet();
                    })
                .workers(8)
                .pollInterval(Duration.ofMillis(20))
                .build()) {
      runner.start();
      List<Future<?>> producers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        producers.add(
            threads.submit(
                () -> {
                  for (int round = 0; round < rounds; round++) {
                    Enqueued result =
                        runner.enqueueOrFind(
                            Kinds.PLAIN, new Number(round), by(Unique.byKey("one")));
                    if (result instanceof Enqueued.Fresh) {
                      fresh.add(result.id());
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> producer : producers) {
        producer.get(120, TimeUnit.SECONDS);
      }
      await()
          .until(
              () ->
                  jobs.list(JobFilter.all().status(JobStatus.READY), Page.first(1)).isEmpty()
                      && jobs.list(JobFilter.all().status(JobStatus.RUNNING), Page.first(1))
                          .isEmpty());
      assertThat(together).hasValue(0);
      assertThat(runs).hasValue(fresh.size());
      assertThat(fresh.size()).isGreaterThan(1);
      assertThat(count(plinth, "job_unique")).isZero();
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void failedJobRetriedByHand_holdsItsKeyAgain() throws Exception {
    JobOptions options = by(Unique.byKey("k")).deadline(Instant.parse("2001-01-01T00:00:00Z"));
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1), options);
    JobId second;
    // Its deadline has passed already, so it fails without having run.
    try (Jobs runner = runnerOfNothing()) {
      runner.start();
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.FAILED);
      second = jobs.enqueue(Kinds.OTHER, new Number(1), by(Unique.byKey("k")));
    }
    assertThat(second).isNotEqualTo(id);

    assertThat(jobs.retry(id)).isTrue();

    assertThat(jobs.enqueue(Kinds.PLAIN, new Number(2), by(Unique.byKey("k")))).isEqualTo(id);
  }

  private Plinth plinth;

  @BeforeEach
  void remember(Plinth injected) {
    plinth = injected;
  }

  private Jobs runnerOfNothing() {
    return Jobs.builder(plinth)
        .handle(JobType.of("nothing", Number.class), (args, run) -> {})
        .build();
  }

  @Test
  void badInput_namesTheArgument() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                jobs.enqueueAll(
                    Kinds.PLAIN,
                    List.of(new Number(1), new Number(2)),
                    by(Unique.byKey("the same"))))
        .withMessageContaining("args must be one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Unique.byKey(" "))
        .withMessage("key must not be blank");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Unique.byArgs().within(Duration.ofMillis(1)))
        .withMessageStartingWith("window must be");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Unique.byArgs().whileIn())
        .withMessage("states must not be empty");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JobOptions.defaults().unique(null))
        .withMessage("unique must not be null");
    assertThat(Unique.byKey("k").within(Duration.ofHours(1)))
        .isEqualTo(Unique.byKey("k").within(Duration.ofHours(1)))
        .hasToString(Unique.byKey("k").within(Duration.ofHours(1)).toString())
        .isNotEqualTo(Unique.byKey("k"));
  }
}
