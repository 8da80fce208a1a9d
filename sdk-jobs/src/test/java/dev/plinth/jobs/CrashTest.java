package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Processes that run jobs are killed and paused; the jobs must not notice. */
@Tag("proof")
@PlinthTest(durable = true)
class CrashTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final Duration TIME_TO_LIVE = Duration.ofSeconds(1);

  /** Its effect is written together with its completion, so it must happen exactly once. */
  static final JobType<Number> EXACT =
      JobType.of("exact", Number.class)
          .withRetryPolicy(RetryPolicy.defaults().withMaxAttempts(100));

  /** Its effect is written behind the fence, in a transaction of its own: at least once. */
  static final JobType<Number> FENCED =
      JobType.of("fenced", Number.class)
          .withRetryPolicy(RetryPolicy.defaults().withMaxAttempts(100));

  static final JobType<Number> CALLBACK = JobType.of("called", Number.class);

  private Jobs inspect;

  @BeforeEach
  void effects(Plinth plinth, Jobs injected) {
    inspect = injected;
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "DROP TABLE IF EXISTS effects;"
                    + " CREATE TABLE effects (job uuid, epoch integer, at bigint)"));
  }

  @AfterEach
  void invariantsHold() {
    assertThat(inspect.check()).isEmpty();
  }

  /** What every process runs. */
  static Jobs runner(Plinth plinth, int workers) {
    return Jobs.builder(plinth)
        .handle(
            EXACT,
            (args, run) ->
                plinth.transact(
                    tx -> {
                      effect(tx.connection(), run);
                      run.completeIn(tx);
                    }))
        .handle(
            FENCED,
            (args, run) ->
                plinth.transact(
                    tx -> {
                      run.fence(tx.connection());
                      effect(tx.connection(), run);
                    }))
        .handle(CALLBACK, (args, run) -> plinth.transact(tx -> effect(tx.connection(), run)))
        .workers(workers)
        .pollInterval(Duration.ofMillis(50))
        .build();
  }

  private static void effect(Connection connection, JobRun run) {
    Sql.update(connection, "INSERT INTO effects VALUES (?, ?, 0)", run.id().value(), run.epoch());
  }

  /** A process that runs jobs until it is killed. */
  static final class Node {
    public static void main(String[] args) throws InterruptedException {
      TestDatabase database = TestDatabase.attach(args[0]);
      Plinth plinth = database.plinth(database.pool(5)).instanceTimeToLive(TIME_TO_LIVE).build();
      Jobs jobs = runner(plinth, 8);
      jobs.start();
      ForkedJvm.report("started");
      new CountDownLatch(1).await();
    }
  }

  /** A process that stands still in the middle of a handler. */
  static final class Stuck {
    public static void main(String[] args) throws InterruptedException {
      TestDatabase database = TestDatabase.attach(args[0]);
      Plinth plinth = database.plinth(database.pool(5)).instanceTimeToLive(TIME_TO_LIVE).build();
      Jobs jobs =
          Jobs.builder(plinth)
              .handle(
                  EXACT,
                  (number, run) -> {
                    ForkedJvm.report("claimed");
                    ForkedJvm.awaitOrder("go on");
                    for (String write : List.of("fence", "progress", "completeIn")) {
                      try {
                        plinth.transact(
                            tx -> {
                              switch (write) {
                                case "fence" -> run.fence(tx.connection());
                                case "progress" -> run.progress(1, 1, null);
                                default -> run.completeIn(tx);
                              }
                              effect(tx.connection(), run);
                            });
                        ForkedJvm.report(write + " went through");
                      } catch (LostClaimException e) {
                        ForkedJvm.report(write + " refused");
                      }
                    }
                  })
              .pollInterval(Duration.ofMillis(50))
              .build();
      jobs.start();
      new CountDownLatch(1).await();
    }
  }

  private long effects(Plinth plinth, String what) {
    return plinth.transactReturning(
        tx ->
            Sql.query(tx.connection(), "SELECT " + what + " FROM effects", row -> row.getLong(1))
                .get(0));
  }

  @Test
  void nodesKilledAtRandom_everyJobEndsOnce(Plinth plinth, TestDatabase database) {
    int jobs = LARGE ? 10_000 : 2_000;
    int kills = LARGE ? 25 : 5;
    BatchId batch = inspect.batch("crashes").onCompletion(CALLBACK, new Number(0)).create();
    enqueue(EXACT, jobs / 2, batch);
    enqueue(FENCED, jobs / 2, batch);
    inspect.seal(batch);
    Random random = new Random(20261120);
    for (int kill = 0; kill < kills; kill++) {
      try (ForkedJvm node = ForkedJvm.start(Node.class, database.url())) {
        node.await("started");
        await().pollDelay(Duration.ofMillis(1 + random.nextInt(120))).until(() -> true);
        node.kill();
      }
    }

    try (Plinth last = database.plinth(database.pool(8)).instanceTimeToLive(TIME_TO_LIVE).build();
        Jobs survivors = runner(last, 8)) {
      survivors.start();
      await()
          .atMost(Duration.ofSeconds(120))
          .until(() -> inspect.batch(batch).orElseThrow().isFinished());
      JobId callback = inspect.batch(batch).orElseThrow().callback();
      await().until(() -> inspect.find(callback).orElseThrow().status() == JobStatus.COMPLETED);
    }

    Batch ended = inspect.batch(batch).orElseThrow();
    assertThat(ended.completed()).isEqualTo(jobs);
    assertThat(ended.failed()).isZero();
    assertThat(
            plinth.<Long, RuntimeException>transactReturning(
                tx ->
                    Sql.query(
                            tx.connection(),
                            """
                            SELECT count(*)
                            FROM (
                              SELECT j.id
                              FROM plinth.computational_jobs j
                              LEFT JOIN effects e ON e.job = j.id
                              WHERE j.type = 'exact'
                              GROUP BY j.id
                              HAVING count(e.job) <> 1
                            ) twice_or_never
                            """,
                            row -> row.getLong(1))
                        .get(0)))
        .isZero();
    assertThat(effects(plinth, "count(DISTINCT job)")).isEqualTo(jobs + 1L);
    // Behind the fence an effect may come again after a crash, but never twice under one claim.
    assertThat(effects(plinth, "count(*) - count(DISTINCT (job, epoch))")).isZero();
  }

  private void enqueue(JobType<Number> type, int count, BatchId batch) {
    inspect.enqueueAll(
        type,
        IntStream.range(0, count).mapToObj(Number::new).toList(),
        JobOptions.defaults().batch(batch));
  }

  @Test
  void nodePausedPastItsLease_itsLateWritesAreRefused(Plinth plinth, TestDatabase database) {
    JobId id = inspect.enqueue(EXACT, new Number(1));
    HikariDataSource pool = database.pool(8);
    try (ForkedJvm stuck = ForkedJvm.start(Stuck.class, database.url())) {
      stuck.await("claimed");
      stuck.pause();
      try (Plinth heir = database.plinth(pool).instanceTimeToLive(TIME_TO_LIVE).build();
          Jobs heirs = runner(heir, 2)) {
        heirs.start();
        await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> inspect.find(id).orElseThrow().status() == JobStatus.COMPLETED);
      }
      stuck.resume();
      stuck.send("go on");
      stuck.await("fence refused");
      stuck.await("progress refused");
      stuck.await("completeIn refused");
    }
    assertThat(effects(plinth, "count(*)")).isEqualTo(1);
    assertThat(inspect.attempts(id))
        .extracting(Attempt::outcome)
        .containsExactly(Attempt.Outcome.LOST, Attempt.Outcome.COMPLETED);
  }

  @Test
  void nodeKilledInAHandler_jobRunsElsewhere(TestDatabase database) throws Exception {
    JobId id = inspect.enqueue(EXACT, new Number(1));
    try (ForkedJvm stuck = ForkedJvm.start(Stuck.class, database.url())) {
      stuck.await("claimed");
      stuck.kill();
    }
    CountDownLatch done = new CountDownLatch(1);
    try (Plinth heir = database.plinth(database.pool(8)).instanceTimeToLive(TIME_TO_LIVE).build();
        Jobs heirs =
            Jobs.builder(heir)
                .handle(
                    EXACT,
                    (args, run) -> {
                      assertThat(run.attempt()).isEqualTo(2);
                      done.countDown();
                    })
                .build()) {
      heirs.start();
      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
      await().until(() -> inspect.find(id).orElseThrow().status() == JobStatus.COMPLETED);
    }
  }

  @Test
  void twoSchedulers_noDuplicateEffectBehindTheFence(Plinth plinth, TestDatabase database) {
    int jobs = LARGE ? 10_000 : 2_000;
    BatchId batch = inspect.batch("race").create();
    enqueue(EXACT, jobs / 2, batch);
    enqueue(FENCED, jobs / 2, batch);
    inspect.seal(batch);
    try (Plinth one = database.plinth(database.pool(6)).build();
        Plinth two = database.plinth(database.pool(6)).build();
        Jobs first = runner(one, 8);
        Jobs second = runner(two, 8)) {
      first.start();
      second.start();
      await()
          .atMost(Duration.ofSeconds(120))
          .until(() -> inspect.batch(batch).orElseThrow().isFinished());
    }
    assertThat(effects(plinth, "count(*)")).isEqualTo(jobs);
    assertThat(effects(plinth, "count(DISTINCT job)")).isEqualTo(jobs);
  }
}
