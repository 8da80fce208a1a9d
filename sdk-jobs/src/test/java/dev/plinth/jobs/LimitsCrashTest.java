package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Limits across processes, some of which are killed. */
@Tag("proof")
@PlinthTest(durable = true)
class LimitsCrashTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final Duration TIME_TO_LIVE = Duration.ofSeconds(1);
  private static final int LIMIT = 3;
  static final JobType<Number> WORK =
      JobType.of("work", Number.class).withRetryPolicy(RetryPolicy.defaults().withMaxAttempts(100));

  private Plinth plinth;
  private Jobs jobs;

  @BeforeEach
  void createTable(Plinth plinth, Jobs jobs) {
    this.plinth = plinth;
    this.jobs = jobs;
    AtWork.createTable(plinth);
    jobs.limits().set(Limit.queue("default").maxRunning(LIMIT));
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private static Jobs runner(Plinth plinth, JobAction<Number> action) {
    Jobs jobs =
        Jobs.builder(plinth)
            .handle(WORK, action)
            .workers(8)
            .pollInterval(Duration.ofMillis(50))
            .build();
    jobs.start();
    return jobs;
  }

  private static Plinth attach(String url) {
    TestDatabase database = TestDatabase.attach(url);
    return database.plinth(database.pool(5)).instanceTimeToLive(TIME_TO_LIVE).build();
  }

  /** A process that works until it is killed. */
  static final class Working {
    public static void main(String[] args) throws InterruptedException {
      Plinth plinth = attach(args[0]);
      runner(plinth, AtWork.throughTable(plinth));
      ForkedJvm.report("started");
      new CountDownLatch(1).await();
    }
  }

  /** A process whose handlers never end. */
  static final class Hanging {
    public static void main(String[] args) throws InterruptedException {
      runner(
          attach(args[0]),
          (number, run) -> {
            ForkedJvm.report("at work");
            new CountDownLatch(1).await();
          });
      new CountDownLatch(1).await();
    }
  }

  private void enqueue(int count) {
    jobs.enqueueAll(
        WORK, IntStream.range(0, count).mapToObj(Number::new).toList(), JobOptions.defaults());
  }

  private void awaitAllEnded() {
    await()
        .atMost(Duration.ofMinutes(3))
        .until(
            () ->
                AtWork.number(
                        plinth,
                        "SELECT count(*) FROM plinth.computational_jobs WHERE status = 'pending'")
                    == 0);
  }

  @Test
  void nodeKilledWithAllSlots_theyComeFree(TestDatabase database) {
    enqueue(30);
    try (ForkedJvm hanging = ForkedJvm.start(Hanging.class, database.url())) {
      for (int i = 0; i < LIMIT; i++) {
        hanging.await("at work");
      }
      hanging.kill();
    }

    try (Plinth heir = database.plinth(database.pool(8)).instanceTimeToLive(TIME_TO_LIVE).build();
        Jobs heirs = runner(heir, AtWork.throughTable(heir))) {
      assertThat(heirs.check()).isEmpty();
      awaitAllEnded();
    }

    assertThat(AtWork.number(plinth, "SELECT max(leases) FROM seen")).isLessThanOrEqualTo(LIMIT);
    assertThat(AtWork.number(plinth, "SELECT max(handlers) FROM seen")).isLessThanOrEqualTo(LIMIT);
  }

  @Test
  void processesKilledAtRandom_limitIsNeverExceeded(TestDatabase database) {
    enqueue(LARGE ? 5_000 : 400);
    Random random = new Random(20261129);
    try (Plinth here = database.plinth(database.pool(8)).instanceTimeToLive(TIME_TO_LIVE).build();
        Plinth there = database.plinth(database.pool(8)).instanceTimeToLive(TIME_TO_LIVE).build();
        Jobs first = runner(here, AtWork.throughTable(here));
        Jobs second = runner(there, AtWork.throughTable(there))) {
      for (int kill = 0; kill < (LARGE ? 20 : 3); kill++) {
        try (ForkedJvm one = ForkedJvm.start(Working.class, database.url())) {
          one.await("started");
          await().pollDelay(Duration.ofMillis(1 + random.nextInt(150))).until(() -> true);
          one.kill();
        }
      }
      awaitAllEnded();
      assertThat(List.of(first, second)).allMatch(jobs -> jobs.check().isEmpty());
    }

    assertThat(AtWork.number(plinth, "SELECT max(leases) FROM seen")).isLessThanOrEqualTo(LIMIT);
    assertThat(AtWork.number(plinth, "SELECT count(*) FROM seen")).isPositive();
  }
}
