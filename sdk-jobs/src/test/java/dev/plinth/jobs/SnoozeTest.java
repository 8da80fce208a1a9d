package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestNode;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a handler can say of its job instead of returning or failing. */
@PlinthTest(customizer = FenceTest.ShortLives.class)
class SnoozeTest {
  private static final JobType<Number> ONCE =
      JobType.of("once", Number.class).withRetryPolicy(RetryPolicy.never());

  private final List<JobFailed> failed = Collections.synchronizedList(new ArrayList<>());
  private Jobs jobs;

  @BeforeEach
  void create(Plinth plinth, Jobs injected) {
    jobs = injected;
    plinth.events().afterCommit(JobFailed.class, failed::add);
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private static Jobs runner(Plinth plinth, JobAction<Number> action) {
    Jobs runner =
        Jobs.builder(plinth)
            .handle(ONCE, action)
            .workers(2)
            .pollInterval(Duration.ofMillis(50))
            .gracePeriod(Duration.ofSeconds(2))
            .build();
    runner.start();
    return runner;
  }

  private Job job(JobId id) {
    return jobs.find(id).orElseThrow();
  }

  @Test
  void snooze_comesBackLater_andDoesNotCount(Plinth plinth, SettableClock clock) {
    AtomicInteger snoozes = new AtomicInteger(2);
    try (Jobs runner =
        runner(
            plinth,
            (args, run) -> {
              if (snoozes.getAndDecrement() > 0) {
                run.progress(7, 9, "so far");
                throw run.snooze(Duration.ofHours(1));
              }
            })) {
      JobId id = runner.enqueue(ONCE, new Number(1));
      await().until(() -> job(id).status() == JobStatus.SCHEDULED);
      assertThat(job(id).runAt())
          .isBetween(clock.instant(), clock.instant().plus(Duration.ofHours(1)));
      assertThat(job(id).progress()).isEqualTo(new Progress(7, 9, "so far"));
      assertThat(job(id).errorRecoveryAttempts()).isZero();

      clock.advance(Duration.ofHours(1));
      await().until(() -> jobs.attempts(id).size() == 2 && job(id).status() == JobStatus.SCHEDULED);
      clock.advance(Duration.ofHours(1));
      await().until(() -> job(id).status() == JobStatus.COMPLETED);

      assertThat(jobs.attempts(id))
          .extracting(Attempt::number, Attempt::epoch, Attempt::outcome)
          .containsExactly(
              tuple(1, 1, Attempt.Outcome.SNOOZED),
              tuple(1, 2, Attempt.Outcome.SNOOZED),
              tuple(1, 3, Attempt.Outcome.COMPLETED));
    }
    assertThat(failed).isEmpty();
  }

  @Test
  void snooze_beyondTheDeadline_endsThere(Plinth plinth, SettableClock clock) {
    Instant deadline = clock.instant().plus(Duration.ofHours(1));
    try (Jobs runner =
        runner(
            plinth,
            (args, run) -> {
              throw run.snooze(Duration.ofDays(366));
            })) {
      JobId id = runner.enqueue(ONCE, new Number(1), JobOptions.defaults().deadline(deadline));
      await().until(() -> job(id).status() == JobStatus.SCHEDULED);
      assertThat(job(id).runAt()).isEqualTo(job(id).deadline());

      clock.advance(Duration.ofHours(2));
      await().until(() -> job(id).status() == JobStatus.FAILED);
    }
  }

  @Test
  void snooze_outOfATransaction_rollsThatBack(Plinth plinth) {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(), "DROP TABLE IF EXISTS effects; CREATE TABLE effects (x int)"));
    try (Jobs runner =
        runner(
            plinth,
            (args, run) ->
                plinth.transact(
                    tx -> {
                      run.fence(tx.connection());
                      Sql.update(tx.connection(), "INSERT INTO effects VALUES (1)");
                      throw run.snooze(Duration.ofDays(1));
                    }))) {
      JobId id = runner.enqueue(ONCE, new Number(1));
      await().until(() -> job(id).status() == JobStatus.SCHEDULED);
    }
    assertThat(
            plinth.<Long, RuntimeException>transactReturning(
                tx ->
                    Sql.query(
                            tx.connection(), "SELECT count(*) FROM effects", row -> row.getLong(1))
                        .get(0)))
        .isZero();
  }

  @Test
  void discard_failsForGood_andCanBeRevived(Plinth plinth) {
    JobType<Number> patient = JobType.of("patient", Number.class);
    AtomicInteger runs = new AtomicInteger();
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(
                patient,
                (args, run) -> {
                  if (runs.incrementAndGet() == 1) {
                    throw run.discard("the order is gone");
                  }
                })
            .pollInterval(Duration.ofMillis(50))
            .build()) {
      runner.start();
      JobId id = runner.enqueue(patient, new Number(1));
      await().until(() -> job(id).status() == JobStatus.FAILED);
      assertThat(job(id).error()).endsWith("DiscardException: the order is gone");
      assertThat(jobs.attempts(id))
          .extracting(Attempt::outcome)
          .containsExactly(Attempt.Outcome.DISCARDED);
      await().until(() -> failed.size() == 1);
      assertThat(jobs.list(JobFilter.all().status(JobStatus.FAILED), Page.first(10))).hasSize(1);

      assertThat(runner.retry(id)).isTrue();
      await().until(() -> job(id).status() == JobStatus.COMPLETED);
    }
  }

  @Test
  void zombie_snoozesAndDiscardsNothing(Plinth plinth, TestNodes nodes) throws Exception {
    TestNode second = nodes.start("second");
    CountDownLatch claimed = new CountDownLatch(2);
    CountDownLatch goOn = new CountDownLatch(1);
    Jobs zombies =
        runner(
            plinth,
            (args, run) -> {
              claimed.countDown();
              CancelTest.awaitUninterruptibly(goOn);
              if (args.value() == 1) {
                throw run.snooze(Duration.ofDays(1));
              }
              throw run.discard("late");
            });
    JobOptions options = JobOptions.defaults().maxAttempts(9);
    JobId snoozed = jobs.enqueue(ONCE, new Number(1), options);
    JobId discarded = jobs.enqueue(ONCE, new Number(2), options);
    assertThat(claimed.await(60, TimeUnit.SECONDS)).isTrue();
    second
        .plinth()
        .transact(
            tx ->
                Sql.update(
                    tx.connection(),
                    "UPDATE plinth.instances SET ended_at = heartbeat_at, end_reason = 'expired'"
                        + " WHERE id = ?",
                    plinth.instances().id()));
    try (Jobs heirs = runner(second.plinth(), (args, run) -> {})) {
      assertThat(heirs).isNotNull();
      await()
          .until(
              () ->
                  job(snoozed).status() == JobStatus.COMPLETED
                      && job(discarded).status() == JobStatus.COMPLETED);
      goOn.countDown();
      zombies.close();
    }
    for (JobId id : List.of(snoozed, discarded)) {
      assertThat(job(id).status()).isEqualTo(JobStatus.COMPLETED);
      assertThat(jobs.attempts(id))
          .extracting(Attempt::outcome)
          .doesNotContain(Attempt.Outcome.SNOOZED, Attempt.Outcome.DISCARDED);
    }
  }

  @Test
  void badInput_namesTheArgument(Plinth plinth) {
    AtomicReference<List<Throwable>> thrown = new AtomicReference<>();
    try (Jobs runner =
        runner(
            plinth,
            (args, run) ->
                thrown.set(
                    List.of(
                        catchThrowable(() -> run.snooze(Duration.ZERO)),
                        catchThrowable(() -> run.snooze(Duration.ofDays(367))),
                        catchThrowable(() -> run.discard(" ")))))) {
      JobId id = runner.enqueue(ONCE, new Number(1));
      await().until(() -> job(id).status() == JobStatus.COMPLETED);
    }
    assertThat(thrown.get())
        .allSatisfy(each -> assertThat(each).isInstanceOf(IllegalArgumentException.class))
        .extracting(Throwable::getMessage)
        .contains("reason must not be blank");
  }

  @Test
  void claimedTooOften_canNoLongerBePutOff(Plinth plinth) {
    JobId id = jobs.enqueue(ONCE, new Number(1));
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(), "UPDATE plinth.job_ready SET epoch = ?", JobRun.MOST_CLAIMS - 1));
    try (Jobs runner =
        runner(
            plinth,
            (args, run) -> {
              throw run.snooze(Duration.ofDays(1));
            })) {
      assertThat(runner).isNotNull();
      await().until(() -> job(id).status() == JobStatus.FAILED);
    }
    assertThat(job(id).error()).contains("use a schedule");
  }
}
