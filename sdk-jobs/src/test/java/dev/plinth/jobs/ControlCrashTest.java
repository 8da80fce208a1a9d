package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Processes are killed while they enqueue unique jobs, and while they are told to stop. */
@Tag("proof")
@PlinthTest(durable = true)
class ControlCrashTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final Duration TIME_TO_LIVE = Duration.ofSeconds(1);
  private static final int KEYS = 20;

  static final JobType<Number> PATIENT =
      JobType.of("patient", Number.class)
          .withRetryPolicy(RetryPolicy.defaults().withMaxAttempts(100));

  private Jobs inspect;

  @BeforeEach
  void create(Jobs injected) {
    inspect = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(inspect.check()).isEmpty();
  }

  private static JobOptions key(int key) {
    return JobOptions.defaults().unique(Unique.byKey("key " + key));
  }

  private static Plinth attach(String url) {
    TestDatabase database = TestDatabase.attach(url);
    return database.plinth(database.pool(6)).instanceTimeToLive(TIME_TO_LIVE).build();
  }

  /** Stands still before its commit. */
  static final class BeforeTheCommit {
    public static void main(String[] args) throws InterruptedException {
      Plinth plinth = attach(args[0]);
      Jobs jobs = Jobs.create(plinth);
      plinth.transact(
          tx -> {
            jobs.in(tx).enqueue(PATIENT, new Number(1), key(1));
            ForkedJvm.report("written");
            new CountDownLatch(1).await();
          });
    }
  }

  /** Stands still after its commit. */
  static final class AfterTheCommit {
    public static void main(String[] args) throws InterruptedException {
      Jobs jobs = Jobs.create(attach(args[0]));
      ForkedJvm.report("committed " + jobs.enqueue(PATIENT, new Number(1), key(2)));
      new CountDownLatch(1).await();
    }
  }

  /** Enqueues the same keys again and again, and runs the jobs. */
  static final class Busy {
    public static void main(String[] args) {
      Plinth plinth = attach(args[0]);
      Jobs jobs =
          Jobs.builder(plinth)
              .handle(PATIENT, (number, run) -> {})
              .workers(4)
              .pollInterval(Duration.ofMillis(50))
              .build();
      jobs.start();
      ForkedJvm.report("started");
      Random random = new Random();
      while (true) {
        jobs.enqueue(PATIENT, new Number(1), key(random.nextInt(KEYS)));
      }
    }
  }

  /** Ends for no interrupt. */
  static final class Deaf {
    public static void main(String[] args) throws InterruptedException {
      Jobs jobs =
          Jobs.builder(attach(args[0]))
              .handle(
                  PATIENT,
                  (number, run) -> {
                    ForkedJvm.report("claimed");
                    CancelTest.awaitUninterruptibly(new CountDownLatch(1));
                  })
              .build();
      jobs.start();
      new CountDownLatch(1).await();
    }
  }

  @Test
  void killedBeforeTheCommit_keyIsFree(TestDatabase database) {
    try (ForkedJvm jvm = ForkedJvm.start(BeforeTheCommit.class, database.url())) {
      jvm.await("written");
      jvm.kill();
    }
    assertThat(inspect.enqueueOrFind(PATIENT, new Number(2), key(1)))
        .isInstanceOf(Enqueued.Fresh.class);
    assertThat(inspect.list(JobFilter.all(), Page.first(10))).hasSize(1);
  }

  @Test
  void killedAfterTheCommit_keyIsHeld(TestDatabase database) {
    JobId there;
    try (ForkedJvm jvm = ForkedJvm.start(AfterTheCommit.class, database.url())) {
      there = JobId.of(jvm.await("committed ").substring("committed ".length()));
      jvm.kill();
    }
    assertThat(inspect.enqueueOrFind(PATIENT, new Number(2), key(2)))
        .isEqualTo(new Enqueued.Duplicate(there));
  }

  @Test
  void killedAtRandom_noKeyTwiceAndNoneLost(Plinth plinth, TestDatabase database) {
    int kills = LARGE ? 25 : 4;
    Random random = new Random(20261129);
    for (int kill = 0; kill < kills; kill++) {
      try (ForkedJvm one = ForkedJvm.start(Busy.class, database.url());
          ForkedJvm two = ForkedJvm.start(Busy.class, database.url())) {
        one.await("started");
        two.await("started");
        await().pollDelay(Duration.ofMillis(50 + random.nextInt(500))).until(() -> true);
        one.kill();
        two.kill();
      }
      assertThat(inspect.check()).isEmpty();
      // One row for each key, naming the one job that is pending, if any is.
      assertThat(
              count(
                  plinth,
                  """
                  SELECT count(*)
                  FROM plinth.computational_jobs j
                  WHERE j.status = 'pending'
                    AND NOT EXISTS (SELECT FROM plinth.job_unique u WHERE u.job_id = j.id)
                  """))
          .isZero();
      assertThat(
              count(
                  plinth,
                  "SELECT count(*) FROM plinth.computational_jobs WHERE status = 'pending'"))
          .isLessThanOrEqualTo(KEYS);
    }
    try (Plinth last = attach(database.url());
        Jobs survivors =
            Jobs.builder(last)
                .handle(PATIENT, (number, run) -> {})
                .pollInterval(Duration.ofMillis(50))
                .build()) {
      survivors.start();
      await().until(() -> count(plinth, "SELECT count(*) FROM plinth.job_unique") == 0);
    }
    assertThat(
            count(
                plinth,
                "SELECT count(*) FROM plinth.computational_jobs WHERE status <> 'completed'"))
        .isZero();
  }

  private static long count(Plinth plinth, String query) {
    return plinth.transactReturning(
        tx -> Sql.query(tx.connection(), query, row -> row.getLong(1)).get(0));
  }

  @Test
  void killedWhileToldToStop_jobIsCancelledElsewhere(Plinth plinth, TestDatabase database)
      throws Exception {
    JobId id = inspect.enqueue(PATIENT, new Number(1));
    try (ForkedJvm deaf = ForkedJvm.start(Deaf.class, database.url())) {
      deaf.await("claimed");
      deaf.pause();
      assertThat(inspect.cancel(id, Cancellation.because("too late")))
          .isEqualTo(CancelResult.REQUESTED);
      deaf.kill();
    }
    try (Plinth heir = attach(database.url());
        Jobs heirs =
            Jobs.builder(heir)
                .handle(
                    PATIENT,
                    (number, run) -> {
                      TimeUnit.DAYS.sleep(1);
                    })
                .pollInterval(Duration.ofMillis(50))
                .build()) {
      heirs.start();
      await().until(() -> inspect.find(id).orElseThrow().status() == JobStatus.CANCELLED);
    }
    assertThat(inspect.attempts(id).get(0).outcome()).isEqualTo(Attempt.Outcome.LOST);
    assertThat(inspect.find(id).orElseThrow().error()).isEqualTo("Cancelled: too late");
    assertThat(count(plinth, "SELECT count(*) FROM plinth.job_cancels")).isZero();
  }
}
