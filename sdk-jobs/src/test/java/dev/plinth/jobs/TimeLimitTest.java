package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthCustomizer;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest(customizer = TimeLimitTest.LongLives.class)
class TimeLimitTest {
  private static final Duration SHORT = Duration.ofMillis(100);

  /** Tried twice, the second time at once. */
  private static final JobType<Number> TWICE =
      JobType.of("twice", Number.class)
          .withRetryPolicy(
              RetryPolicy.defaults()
                  .withMaxAttempts(2)
                  .withDelays(Duration.ofMillis(1), Duration.ofMillis(1)));

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

  private static Jobs runner(Plinth plinth, JobType<Number> type, JobAction<Number> action) {
    Jobs runner =
        Jobs.builder(plinth)
            .handle(type, action)
            .workers(2)
            .pollInterval(Duration.ofMillis(50))
            .gracePeriod(Duration.ofSeconds(2))
            .build();
    runner.start();
    return runner;
  }

  private JobStatus status(JobId id) {
    return jobs.find(id).orElseThrow().status();
  }

  @Test
  void attemptTooLong_isInterrupted_retried_andFailsInTheEnd(Plinth plinth) {
    try (Jobs runner =
        runner(
            plinth, TWICE.withTimeout(Timeout.of(SHORT)), (args, run) -> TimeUnit.DAYS.sleep(1))) {
      JobId id = runner.enqueue(TWICE, new Number(1));

      await().until(() -> status(id) == JobStatus.FAILED);

      assertThat(jobs.attempts(id))
          .hasSize(2)
          .allSatisfy(
              attempt -> {
                assertThat(attempt.outcome()).isEqualTo(Attempt.Outcome.TIMED_OUT);
                assertThat(attempt.errorClass()).isEqualTo(TimedOutException.class.getName());
                assertThat(attempt.error())
                    .matches("The attempt was interrupted after \\d{3,} ms: it may take PT0.1S");
                assertThat(attempt.stackTrace())
                    .contains("Caused by: java.lang.InterruptedException");
                assertThat(Duration.between(attempt.startedAt(), attempt.endedAt()))
                    .isGreaterThanOrEqualTo(SHORT);
              });
      assertThat(jobs.find(id).orElseThrow().errorRecoveryAttempts()).isEqualTo(1);
      await().until(() -> failed.size() == 1);
      assertThat(jobs.list(JobFilter.all().status(JobStatus.FAILED), Page.first(10)))
          .extracting(Job::id)
          .containsExactly(id);
      assertThat(runner.retry(id)).isTrue();
      await().until(() -> jobs.attempts(id).size() == 3);
    }
  }

  @Test
  void jobsOwnTimeout_goesBeforeItsTypes(Plinth plinth) {
    try (Jobs runner =
        runner(
            plinth,
            TWICE.withTimeout(Timeout.of(Duration.ofDays(1))),
            (args, run) -> TimeUnit.DAYS.sleep(1))) {
      JobId id = runner.enqueue(TWICE, new Number(1), JobOptions.defaults().timeout(SHORT));
      await().until(() -> status(id) == JobStatus.FAILED);
      assertThat(jobs.attempts(id))
          .extracting(Attempt::outcome)
          .containsOnly(Attempt.Outcome.TIMED_OUT);
    }
  }

  @Test
  void policyJudgesATimeout(Plinth plinth) {
    JobType<Number> type =
        TWICE
            .withTimeout(Timeout.of(SHORT))
            .withRetryPolicy(
                TWICE
                    .retryPolicy()
                    .withRetryable(failure -> !(failure instanceof TimedOutException)));
    try (Jobs runner = runner(plinth, type, (args, run) -> TimeUnit.DAYS.sleep(1))) {
      JobId id = runner.enqueue(type, new Number(1));
      await().until(() -> status(id) == JobStatus.FAILED);
      assertThat(jobs.attempts(id)).hasSize(1);
    }
  }

  @Test
  void handlerIgnoresInterrupts_anotherAttemptBegins_andItsOwnWritesAreRefused(Plinth plinth)
      throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    BlockingQueue<Throwable> refused = new LinkedBlockingQueue<>();
    try (Jobs runner =
        runner(
            plinth,
            TWICE,
            (args, run) -> {
              if (run.attempt() == 1) {
                CancelTest.awaitUninterruptibly(goOn);
                refused.add(
                    catchThrowable(() -> plinth.transact(tx -> run.fence(tx.connection()))));
                refused.add(catchThrowable(() -> run.progress(1, 1, null)));
                refused.add(catchThrowable(() -> plinth.transact(run::completeIn)));
                // Neither this is to change anything any more.
                throw run.snooze(Duration.ofDays(1));
              }
            })) {
      JobId id = runner.enqueue(TWICE, new Number(1), JobOptions.defaults().timeout(SHORT));

      await().until(() -> status(id) == JobStatus.COMPLETED);
      goOn.countDown();

      for (int i = 0; i < 3; i++) {
        assertThat(refused.poll(60, TimeUnit.SECONDS)).isInstanceOf(LostClaimException.class);
      }
      runner.close();
      assertThat(status(id)).isEqualTo(JobStatus.COMPLETED);
      assertThat(jobs.attempts(id).get(0).outcome()).isEqualTo(Attempt.Outcome.TIMED_OUT);
      assertThat(jobs.attempts(id).get(0).stackTrace()).contains("awaitUninterruptibly");
    }
  }

  @Test
  void handlerHoldsTheFence_keepsItsClaimUntilItsTransactionEnds(Plinth plinth) throws Exception {
    CountDownLatch fenced = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger begun = new AtomicInteger();
    try (Jobs runner =
        runner(
            plinth,
            TWICE,
            (args, run) -> {
              begun.incrementAndGet();
              if (run.attempt() == 1) {
                plinth.transact(
                    tx -> {
                      run.fence(tx.connection());
                      fenced.countDown();
                      CancelTest.awaitUninterruptibly(goOn);
                      run.completeIn(tx);
                    });
              }
            })) {
      JobId id = runner.enqueue(TWICE, new Number(1), JobOptions.defaults().timeout(SHORT));
      assertThat(fenced.await(60, TimeUnit.SECONDS)).isTrue();
      // Longer than the time after which the claim of a handler without a fence is ended.
      await().during(Duration.ofSeconds(5)).until(() -> status(id) == JobStatus.RUNNING);
      goOn.countDown();
      await().until(() -> status(id) == JobStatus.COMPLETED);
    }
    // Its statements are cancelled now and then, which may hit the one that completes: then, and
    // only
    // then, there is a second attempt.
    assertThat(jobs.attempts(jobs.list(JobFilter.all(), Page.first(1)).get(0).id()))
        .hasSize(begun.get());
  }

  @Test
  void deadlinePasses_waitingJobsFailWithoutHavingRun(Plinth plinth, SettableClock clock) {
    AtomicInteger runs = new AtomicInteger();
    BatchId batch = jobs.batch("b").create();
    JobOptions soon =
        JobOptions.defaults().deadline(clock.instant().plus(Duration.ofHours(1))).batch(batch);
    JobId noHandler = jobs.enqueue(Kinds.OTHER, new Number(1), soon);
    JobId delayed = jobs.enqueue(TWICE, new Number(2), soon.delay(Duration.ofHours(2)));
    JobId later =
        jobs.enqueue(
            Kinds.OTHER,
            new Number(3),
            JobOptions.defaults().deadline(clock.instant().plus(Duration.ofDays(9))));
    JobId inTime = jobs.enqueue(TWICE, new Number(4), soon);
    try (Jobs runner = runner(plinth, TWICE, (args, run) -> runs.incrementAndGet())) {
      await().until(() -> status(inTime) == JobStatus.COMPLETED);
      assertThat(status(noHandler)).isEqualTo(JobStatus.READY);

      clock.advance(Duration.ofHours(3));

      for (JobId id : List.of(noHandler, delayed)) {
        await().until(() -> status(id) == JobStatus.FAILED);
        assertThat(jobs.attempts(id))
            .singleElement()
            .satisfies(
                attempt -> {
                  assertThat(attempt.outcome()).isEqualTo(Attempt.Outcome.FAILED);
                  assertThat(attempt.errorClass())
                      .isEqualTo(DeadlinePassedException.class.getName());
                });
      }
      assertThat(status(later)).isEqualTo(JobStatus.READY);
      assertThat(runs).hasValue(1);
      assertThat(jobs.batch(batch).orElseThrow().failed()).isEqualTo(2);
      await().until(() -> failed.size() == 2);
      assertThat(failed).extracting(JobFailed::attempts).containsOnly(0);

      assertThat(runner.retry(delayed)).isTrue();
      await().until(() -> status(delayed) == JobStatus.COMPLETED);
      assertThat(jobs.find(delayed).orElseThrow().deadline()).isNull();
    }
  }

  @Test
  void deadlineHasPassed_readyJobIsNotBegun(Plinth plinth, SettableClock clock) {
    AtomicInteger runs = new AtomicInteger();
    JobId id =
        jobs.enqueue(
            TWICE,
            new Number(1),
            JobOptions.defaults().deadline(clock.instant().minus(Duration.ofHours(1))));
    // No sweep is to find it.
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(), "UPDATE plinth.job_deadlines SET look_at = now() + '1 year'"));
    try (Jobs runner = runner(plinth, TWICE, (args, run) -> runs.incrementAndGet())) {
      assertThat(runner).isNotNull();
      await().until(() -> status(id) == JobStatus.FAILED);
    }
    assertThat(runs).hasValue(0);
    assertThat(jobs.find(id).orElseThrow().error()).contains("passed before the job could run");
  }

  @Test
  void deadlinePasses_runningJobIsInterruptedAndFailedForGood(Plinth plinth, SettableClock clock)
      throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    try (Jobs runner =
        runner(
            plinth,
            TWICE,
            (args, run) -> {
              begun.countDown();
              TimeUnit.DAYS.sleep(1);
            })) {
      JobId id =
          runner.enqueue(
              TWICE,
              new Number(1),
              JobOptions.defaults().deadline(clock.instant().plus(Duration.ofHours(1))));
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

      clock.advance(Duration.ofMinutes(61));

      await().until(() -> status(id) == JobStatus.FAILED);
      assertThat(jobs.attempts(id))
          .singleElement()
          .satisfies(
              attempt -> {
                assertThat(attempt.outcome()).isEqualTo(Attempt.Outcome.TIMED_OUT);
                assertThat(attempt.error()).contains("the job's deadline, ");
              });
    }
  }

  @Test
  void badInput_namesTheArgument() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Timeout.of(Duration.ZERO))
        .withMessageStartingWith("limit must be");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TWICE.withTimeout(null))
        .withMessage("timeout must not be null");
    assertThat(TWICE.timeout()).isEqualTo(Timeout.none());
  }

  /** Instances that outlive the hours by which the tests move the clock. */
  static final class LongLives implements PlinthCustomizer {
    @Override
    public void customize(PlinthBuilder builder) {
      builder.instanceTimeToLive(Duration.ofDays(1));
    }
  }
}
