package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class RetryTest {
  private static final JobType<Number> HOPELESS =
      JobType.of("hopeless", Number.class)
          .withRetryPolicy(
              RetryPolicy.defaults()
                  .withRetryable(failure -> !(failure instanceof IllegalArgumentException)));

  private static final JobType<Number> WORDY =
      JobType.of("wordy", Number.class).withRetryPolicy(RetryPolicy.never());

  private final AtomicInteger failuresLeft = new AtomicInteger();
  private final List<JobFailed> failed = Collections.synchronizedList(new ArrayList<>());
  private Jobs jobs;

  @BeforeEach
  void start(Plinth plinth) {
    plinth.events().afterCommit(JobFailed.class, failed::add);
    jobs =
        Jobs.builder(plinth)
            .handle(
                Kinds.FLAKY,
                (args, run) -> {
                  if (failuresLeft.getAndDecrement() > 0) {
                    throw new IllegalStateException("no luck in attempt " + run.attempt() + "\0");
                  }
                })
            .handle(
                HOPELESS,
                (args, run) -> {
                  throw new IllegalArgumentException("never");
                })
            .handle(WORDY, (args, run) -> deep(2_000))
            .workers(2)
            .pollInterval(Duration.ofMillis(20))
            .build();
    jobs.start();
  }

  private static void deep(int more) {
    if (more == 0) {
      throw new IllegalStateException("\u6f22".repeat(3_000));
    }
    deep(more - 1);
  }

  @AfterEach
  void close() {
    jobs.close();
    assertThat(jobs.check()).isEmpty();
  }

  private Job job(JobId id) {
    return jobs.find(id).orElseThrow();
  }

  @Test
  void fails_thenWorks_retriesAfterBackoff(SettableClock clock) {
    failuresLeft.set(1);
    JobId id = jobs.enqueue(Kinds.FLAKY, new Number(1));
    await().until(() -> !jobs.attempts(id).isEmpty());
    assertThat(jobs.attempts(id).get(0).outcome()).isEqualTo(Attempt.Outcome.RETRIED);
    assertThat(job(id).errorRecoveryAttempts()).isEqualTo(1);

    clock.advance(Duration.ofMinutes(1));

    await().until(() -> job(id).status() == JobStatus.COMPLETED);
    assertThat(jobs.attempts(id))
        .extracting(Attempt::number, Attempt::epoch, Attempt::outcome)
        .containsExactly(
            tuple(1, 1, Attempt.Outcome.RETRIED), tuple(2, 2, Attempt.Outcome.COMPLETED));
    assertThat(failed).isEmpty();
  }

  @Test
  void failsToTheEnd_isDeadLetter_untilRetriedByHand(SettableClock clock) {
    failuresLeft.set(3);
    JobId id = jobs.enqueue(Kinds.FLAKY, new Number(1));
    await()
        .until(
            () -> {
              clock.advance(Duration.ofMinutes(10));
              return job(id).status() == JobStatus.FAILED;
            });

    Job dead = job(id);
    assertThat(dead.error()).isEqualTo("java.lang.IllegalStateException: no luck in attempt 3?");
    assertThat(dead.errorRecoveryAttempts()).isEqualTo(2);
    assertThat(dead.completedAt()).isNotNull();
    assertThat(jobs.attempts(id))
        .extracting(Attempt::outcome)
        .containsExactly(Attempt.Outcome.RETRIED, Attempt.Outcome.RETRIED, Attempt.Outcome.FAILED);
    assertThat(jobs.attempts(id).get(2).stackTrace()).contains("RetryTest").doesNotContain("\0");
    assertThat(jobs.list(JobFilter.all().status(JobStatus.FAILED), Page.first(10)))
        .containsExactly(dead);
    assertThat(failed)
        .containsExactly(
            new JobFailed(id, null, null, "flaky", 3, "java.lang.IllegalStateException"));

    assertThat(jobs.retry(id)).isTrue();
    assertThat(jobs.retry(id)).isFalse();

    await().until(() -> job(id).status() == JobStatus.COMPLETED);
    assertThat(job(id).maxAttempts()).isEqualTo(4);
    assertThat(jobs.attempts(id).get(3).number()).isEqualTo(4);
    assertThat(jobs.list(JobFilter.all().status(JobStatus.FAILED), Page.first(10))).isEmpty();
  }

  @Test
  void fails_notRetryable_isFailedAtOnce() {
    JobId id = jobs.enqueue(HOPELESS, new Number(1));

    await().until(() -> job(id).status() == JobStatus.FAILED);
    assertThat(jobs.attempts(id)).hasSize(1);
  }

  @Test
  void longMessageAndDeepStack_areCutToABound() {
    JobId id = jobs.enqueue(WORDY, new Number(1));

    await().until(() -> job(id).status() == JobStatus.FAILED);
    assertThat(job(id).error())
        .startsWith("java.lang.IllegalStateException: \u6f22")
        .hasSize(2_000);
    assertThat(jobs.attempts(id))
        .singleElement()
        .satisfies(
            attempt -> {
              assertThat(attempt.error()).isEqualTo("\u6f22".repeat(2_000));
              assertThat(attempt.stackTrace()).contains("RetryTest.deep").hasSize(16_000);
            });
  }

  @Test
  void argumentsDoNotFit_isAFailureLikeAnother() {
    JobId id =
        jobs.enqueue(
            JobType.of("flaky", String.class).withRetryPolicy(RetryPolicy.never()), "not a number");

    await().until(() -> job(id).status() == JobStatus.FAILED);
    assertThat(job(id).error()).contains("does not fit");
  }

  @Test
  void delayed_runsWhenItsTimeHasCome(SettableClock clock) {
    JobId id =
        jobs.enqueue(Kinds.FLAKY, new Number(1), JobOptions.defaults().delay(Duration.ofHours(1)));
    JobId now = jobs.enqueue(Kinds.FLAKY, new Number(2));
    await().until(() -> job(now).status() == JobStatus.COMPLETED);
    assertThat(job(id).status()).isEqualTo(JobStatus.SCHEDULED);

    clock.advance(Duration.ofHours(1));

    await().until(() -> job(id).status() == JobStatus.COMPLETED);
  }
}
