package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.Attempt.Outcome;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.jobs.Drained;
import dev.plinth.test.jobs.JobsTesting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The kit that consumers test their jobs with. */
@PlinthTest
class JobsTestingTest {
  private static final JobType<Number> CHAIN = JobType.of("chain", Number.class);

  private final List<String> ran = new ArrayList<>();
  private int failuresLeft;
  private Jobs jobs;
  private JobsTesting testing;

  @BeforeEach
  void build(Plinth plinth, SettableClock clock) {
    jobs =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, (args, run) -> ran(run, args))
            .handle(Kinds.OTHER, (args, run) -> ran(run, args))
            .handle(
                Kinds.FLAKY,
                (args, run) -> {
                  ran(run, args);
                  if (failuresLeft-- > 0) {
                    throw new IllegalStateException("no luck");
                  }
                })
            .handle(
                CHAIN,
                (args, run) -> {
                  ran(run, args);
                  if (args.value() > 0) {
                    jobs.enqueue(CHAIN, new Number(args.value() - 1));
                  }
                })
            .build();
    testing = JobsTesting.of(plinth, jobs, clock);
  }

  private void ran(JobRun run, Number args) {
    ran.add(Thread.currentThread().getName() + "/" + args.value());
    assertThat(jobs.find(run.id()).orElseThrow().status()).isEqualTo(JobStatus.RUNNING);
  }

  private static String here(int value) {
    return Thread.currentThread().getName() + "/" + value;
  }

  @AfterEach
  void close() {
    jobs.close();
    assertThat(jobs.check()).isEmpty();
  }

  @Test
  void drain_jobsThatEnqueueJobs_runsAllOnThisThread() {
    jobs.enqueue(CHAIN, new Number(2));
    Drained drained = testing.drain().requireCompleted();
    assertThat(ran).containsExactly(here(2), here(1), here(0));
    assertThat(drained.of(CHAIN).outcomes())
        .containsExactly(Outcome.COMPLETED, Outcome.COMPLETED, Outcome.COMPLETED);
    assertThat(drained.runs().get(0).job().status()).isEqualTo(JobStatus.COMPLETED);
    assertThat(drained.runs().get(0).attempt().epoch()).isEqualTo(1);
    assertThat(testing.drain().count()).isZero();
  }

  @Test
  void drain_priorities_higherFirstThenOlder() {
    jobs.enqueue(Kinds.PLAIN, new Number(1));
    jobs.enqueue(Kinds.PLAIN, new Number(2));
    jobs.enqueue(Kinds.PLAIN, new Number(3), JobOptions.defaults().priority(5));
    jobs.enqueue(Kinds.PLAIN, new Number(4), JobOptions.defaults().priority(-5));
    testing.drain();
    assertThat(ran).containsExactly(here(3), here(1), here(2), here(4));
  }

  @Test
  void drain_endless_isBounded() {
    jobs.enqueue(CHAIN, new Number(1_000));
    assertThatThrownBy(() -> testing.drain(5))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("still due after 5 runs")
        .hasMessageContaining("chain");
  }

  @Test
  void drain_failure_isRetriedWhenItsTimeHasCome() {
    failuresLeft = 1;
    jobs.enqueue(Kinds.FLAKY, new Number(1));
    Drained first = testing.drain();
    assertThat(first.outcomes()).containsExactly(Outcome.RETRIED);
    assertThatThrownBy(first::requireCompleted)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("no luck")
        .hasMessageContaining("JobsTestingTest");
    assertThat(testing.drain().count()).isZero();

    testing.advance(Duration.ofMinutes(2));

    assertThat(testing.enqueued()).extracting(Job::status).containsExactly(JobStatus.READY);
    assertThat(testing.drain().requireCompleted().count()).isEqualTo(1);
  }

  @Test
  void advance_pastTheLifeOfTheInstance_goesOn() {
    jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().delay(Duration.ofDays(400)));
    for (int leap = 0; leap < 4; leap++) {
      assertThat(testing.drain().count()).isZero();
      testing.advance(Duration.ofDays(100));
    }
    assertThat(testing.drain().requireCompleted().count()).isEqualTo(1);
  }

  @Test
  void drainToTheEnd_movesTheClock() {
    failuresLeft = 2;
    JobId flaky = jobs.enqueue(Kinds.FLAKY, new Number(1));
    jobs.enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().delay(Duration.ofDays(3)));
    assertThat(testing.drainToTheEnd().outcomes())
        .containsExactly(Outcome.RETRIED, Outcome.RETRIED, Outcome.COMPLETED, Outcome.COMPLETED);
    assertThat(jobs.find(flaky).orElseThrow().status()).isEqualTo(JobStatus.COMPLETED);
    testing.assertNothingEnqueued();
  }

  @Test
  void drainUntil_stopsInBetween() {
    IntStream.range(0, 5).forEach(i -> jobs.enqueue(Kinds.PLAIN, new Number(i)));
    assertThat(testing.drainUntil(() -> ran.size() == 2).count()).isEqualTo(2);
    assertThat(testing.runOne()).hasValueSatisfying(run -> assertThat(run.isCompleted()).isTrue());
    assertThat(testing.enqueued()).hasSize(2);
    assertThatThrownBy(() -> testing.drainUntil(() -> false))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("does not hold");
  }

  @Test
  void drain_inATransaction_isRefused(Plinth plinth) {
    jobs.enqueue(Kinds.PLAIN, new Number(1));
    plinth.transact(tx -> assertThatIllegalStateException().isThrownBy(testing::drain));
    assertThat(ran).isEmpty();
  }

  @Test
  void drain_startedJobs_isRefused_andTheOtherWayRound(Plinth plinth, SettableClock clock) {
    testing.drain();
    assertThatIllegalStateException().isThrownBy(jobs::start);
    try (Jobs started = Jobs.builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      started.start();
      assertThatIllegalStateException()
          .isThrownBy(() -> JobsTesting.of(plinth, started, clock).drain());
    }
  }

  @Test
  void drain_batch_callsBack() {
    BatchId batch = jobs.batch("b").onCompletion(CHAIN, new Number(0)).create();
    jobs.enqueueAll(
        Kinds.PLAIN, List.of(new Number(1), new Number(2)), JobOptions.defaults().batch(batch));
    jobs.seal(batch);
    assertThat(testing.drain().of(CHAIN).count()).isEqualTo(1);
    assertThat(jobs.batch(batch).orElseThrow().status()).isEqualTo(Batch.Status.COMPLETED);
  }

  @Test
  void assertEnqueued_whatFits_passes(Plinth plinth) {
    BatchId batch = jobs.batch("b").create();
    plinth.transact(
        tx -> {
          jobs.in(tx).enqueue(Kinds.PLAIN, new Number(1));
          // Seen before the commit, as the code under test would have it.
          testing.assertEnqueued(Kinds.PLAIN).withArgs(new Number(1)).once();
        });
    jobs.enqueue(
        Kinds.PLAIN, new Number(2), JobOptions.defaults().queue("q").priority(7).batch(batch));
    Job job =
        testing
            .assertEnqueued(Kinds.PLAIN)
            .withArgs(new Number(2))
            .inQueue("q")
            .withPriority(7)
            .inBatch(batch)
            .ready()
            .once();
    assertThat(job.queue()).isEqualTo("q");
    testing.assertEnqueued(Kinds.PLAIN).times(2);
    testing.assertEnqueued(Kinds.PLAIN).withArgsThat("above 1", n -> n.value() > 1).once();
    testing.refuteEnqueued(Kinds.OTHER);
    testing.refuteEnqueued(Kinds.PLAIN, new Number(3));
  }

  @Test
  void assertEnqueued_scheduled_tellsWhen(SettableClock clock) {
    jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().delay(Duration.ofDays(1)));
    testing
        .assertEnqueued(Kinds.PLAIN)
        .scheduledNear(clock.instant().plus(Duration.ofDays(1)), Duration.ofHours(1))
        .once();
    assertThatThrownBy(() -> testing.assertEnqueued(Kinds.PLAIN).ready())
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void assertEnqueued_somethingElse_saysWhat() {
    jobs.enqueue(Kinds.PLAIN, new Number(41));
    jobs.enqueue(Kinds.PLAIN, new Number(41));
    assertThatThrownBy(() -> testing.assertEnqueued(Kinds.OTHER))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("A job other should be enqueued")
        .hasMessageContaining("plain {\"value\": 41} in queue default, priority 0, READY");
    assertThatThrownBy(() -> testing.assertEnqueued(Kinds.PLAIN).withArgs(new Number(42)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("A job plain with Number[value=42] should be enqueued")
        .hasMessageContaining("41");
    assertThatThrownBy(() -> testing.assertEnqueued(Kinds.PLAIN).inQueue("q"))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> testing.assertEnqueued(Kinds.PLAIN).once())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("once, but 2 are");
    assertThatThrownBy(() -> testing.refuteEnqueued(Kinds.PLAIN))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("41");
    assertThatThrownBy(() -> testing.refuteEnqueued(Kinds.PLAIN, new Number(41)))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(testing::assertNothingEnqueued)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("41");
  }

  @Test
  void assertEnqueued_ended_doesNotCount() {
    jobs.enqueue(Kinds.PLAIN, new Number(1));
    testing.drain();
    testing.assertNothingEnqueued();
    assertThatThrownBy(() -> testing.assertEnqueued(Kinds.PLAIN))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Nothing is enqueued");
  }

  @Test
  void closed_runsNoMore() {
    jobs.enqueue(Kinds.PLAIN, new Number(1));
    testing.drain();
    jobs.close();
    assertThatIllegalStateException().isThrownBy(testing::drain);
  }
}
