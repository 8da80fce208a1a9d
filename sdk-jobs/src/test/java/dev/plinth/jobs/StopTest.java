package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class StopTest {
  private Jobs inspect;

  @BeforeEach
  void create(Jobs injected) {
    inspect = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(inspect.check()).isEmpty();
  }

  private static JobsBuilder builder(Plinth plinth, Duration grace) {
    return Jobs.builder(plinth).workers(2).pollInterval(Duration.ofMillis(50)).gracePeriod(grace);
  }

  @Test
  void close_handlerFinishesInTime_completes(Plinth plinth) throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Jobs jobs =
        builder(plinth, Duration.ofSeconds(30))
            .handle(
                Kinds.PLAIN,
                (args, run) -> {
                  begun.countDown();
                  goOn.await();
                })
            .build();
    jobs.start();
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();

    Thread closing = new Thread(jobs::close);
    closing.start();
    JobId late = jobs.enqueue(Kinds.PLAIN, new Number(2));
    goOn.countDown();
    closing.join();

    assertThat(inspect.find(id).orElseThrow().status()).isEqualTo(JobStatus.COMPLETED);
    assertThat(inspect.find(late).orElseThrow().status())
        .isIn(JobStatus.READY, JobStatus.COMPLETED);
  }

  @Test
  void drain_handlersGoOn_whatWasNotBegunAndWhatComesRunsElsewhere(Plinth plinth, TestNodes nodes)
      throws Exception {
    CountDownLatch begun = new CountDownLatch(2);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicBoolean interrupted = new AtomicBoolean();
    Set<JobId> ranHere = ConcurrentHashMap.newKeySet();
    try (Jobs jobs =
        builder(plinth, Duration.ofMillis(100))
            .handle(
                Kinds.PLAIN,
                (args, run) -> {
                  ranHere.add(run.id());
                  begun.countDown();
                  try {
                    goOn.await();
                  } catch (InterruptedException e) {
                    interrupted.set(true);
                    throw e;
                  }
                })
            .build()) {
      assertThat(jobs.drain(Duration.ZERO)).as("not started").isTrue();
      jobs.start();
      List<JobId> ids =
          jobs.enqueueAll(
              Kinds.PLAIN,
              IntStream.range(0, 20).mapToObj(Number::new).toList(),
              JobOptions.defaults());
      assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();

      assertThat(jobs.drain(Duration.ofMillis(300))).isFalse();
      JobId late = jobs.enqueue(Kinds.PLAIN, new Number(99));
      try (Jobs other =
          builder(nodes.start("other").plinth(), Duration.ofSeconds(5))
              .handle(Kinds.PLAIN, (args, run) -> assertThat(run.attempt()).isEqualTo(1))
              .build()) {
        other.start();
        await().until(() -> completed(late) && ids.stream().filter(this::completed).count() == 18);
      }
      assertThat(handlersPublished(plinth)).isZero();
      goOn.countDown();

      assertThat(jobs.drain(Duration.ofSeconds(30))).isTrue();
      assertThat(ids).allMatch(this::completed);
      assertThat(ranHere).hasSize(2);
      assertThat(interrupted).isFalse();
      assertThatThrownBy(() -> jobs.drain(Duration.ofSeconds(-1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("atMost");
    }
  }

  private boolean completed(JobId id) {
    return inspect.find(id).orElseThrow().status() == JobStatus.COMPLETED;
  }

  private static long handlersPublished(Plinth plinth) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT count(*) FROM plinth.job_handlers",
                    row -> row.getLong(1))
                .get(0));
  }

  @Test
  void close_graceIsOver_interruptsAndRunsElsewhereAtOnce(Plinth plinth, TestNodes nodes)
      throws Exception {
    CountDownLatch begun = new CountDownLatch(2);
    AtomicBoolean cancelled = new AtomicBoolean();
    Jobs jobs =
        builder(plinth, Duration.ofMillis(100))
            .handle(
                Kinds.PLAIN,
                (args, run) -> {
                  begun.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException e) {
                    cancelled.set(run.isCancelled());
                    throw e;
                  }
                })
            .build();
    jobs.start();
    List<JobId> ids =
        jobs.enqueueAll(
            Kinds.PLAIN,
            IntStream.range(0, 20).mapToObj(Number::new).toList(),
            JobOptions.defaults());
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();

    jobs.close();

    assertThat(ids)
        .allSatisfy(
            id -> assertThat(inspect.find(id).orElseThrow().status()).isEqualTo(JobStatus.READY));
    await().untilTrue(cancelled);
    try (Jobs other =
        builder(nodes.start("other").plinth(), Duration.ofSeconds(5))
            .handle(Kinds.PLAIN, (args, run) -> assertThat(run.attempt()).isEqualTo(1))
            .build()) {
      other.start();
      await()
          .until(
              () ->
                  ids.stream()
                      .allMatch(
                          id -> inspect.find(id).orElseThrow().status() == JobStatus.COMPLETED));
    }
    assertThat(ids.stream().flatMap(id -> inspect.attempts(id).stream()))
        .filteredOn(attempt -> attempt.outcome() == Attempt.Outcome.RELEASED)
        .hasSize(2);
    assertThat(inspect.find(ids.get(0)).orElseThrow().errorRecoveryAttempts()).isZero();
  }
}
