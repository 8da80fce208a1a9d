package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.jobs.JobsTesting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Limits, graphs, batches, keys, deadlines and statistics, where they meet in one job. */
@PlinthTest
class SeamsTest {
  private static final JobType<Number> HELD = JobType.of("held", Number.class);
  private static final JobType<Number> BAD =
      JobType.of("bad", Number.class).withRetryPolicy(RetryPolicy.never());
  private static final JobType<Number> CALLBACK = JobType.of("callback", Number.class);

  private static final JobAction<Number> DISCARDED =
      (args, run) -> {
        throw new DiscardException("no use");
      };

  private final List<JobCancelled> cancelled = Collections.synchronizedList(new ArrayList<>());
  private final List<JobFailed> failed = Collections.synchronizedList(new ArrayList<>());
  private Plinth plinth;
  private Jobs jobs;

  /** Where a job waits that is about to be ended. */
  enum Place {
    READY,
    DELAYED,
    LIMITED,
    WAITING
  }

  @BeforeEach
  void create(Plinth injected, Jobs made) {
    plinth = injected;
    jobs = made;
    plinth.events().afterCommit(JobCancelled.class, cancelled::add);
    plinth.events().afterCommit(JobFailed.class, failed::add);
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private Jobs runner(Consumer<JobsBuilder> handlers) {
    // Nothing is found by polling within the test's time.
    return runner(Duration.ofMinutes(10), handlers);
  }

  private Jobs runner(Duration pollInterval, Consumer<JobsBuilder> handlers) {
    JobsBuilder builder =
        Jobs.builder(plinth)
            .handle(CALLBACK, (args, run) -> {})
            .workers(4)
            .pollInterval(pollInterval)
            .gracePeriod(Duration.ofSeconds(2));
    handlers.accept(builder);
    Jobs runner = builder.build();
    runner.start();
    return runner;
  }

  private JobStatus status(JobId id) {
    return jobs.find(id).orElseThrow().status();
  }

  private void awaitStatus(JobId id, JobStatus status) {
    await().untilAsserted(() -> assertThat(status(id)).isEqualTo(status));
  }

  private void sql(String sql, Object... parameters) {
    plinth.transact(tx -> assertThat(Sql.update(tx.connection(), sql, parameters)).isPositive());
  }

  private long count(String table) {
    return AtWork.number(plinth, "SELECT count(*) FROM plinth." + table);
  }

  private Throughput ended() {
    return Jobs.create(plinth).statistics().queue("default").orElseThrow().lastHour();
  }

  /** In a batch, with a key and a deadline, in its place; a child waits for it. */
  private JobId standing(Place place, BatchId batch, SettableClock clock) {
    JobOptions options =
        JobOptions.defaults()
            .batch(batch)
            .unique(Unique.byKey("only"))
            .deadline(clock.instant().plus(Duration.ofHours(1)));
    return switch (place) {
      case READY -> jobs.enqueue(Kinds.PLAIN, new Number(1), options);
      case DELAYED -> jobs.enqueue(Kinds.PLAIN, new Number(1), options.delay(Duration.ofDays(1)));
      case LIMITED -> {
        jobs.limits().set(Limit.type(Kinds.PLAIN).maxRunning(1));
        yield jobs.enqueue(Kinds.PLAIN, new Number(1), options);
      }
      case WAITING -> {
        JobId parent = jobs.enqueue(Kinds.OTHER, new Number(0));
        yield jobs.enqueue(Kinds.PLAIN, new Number(1), options.after(parent));
      }
    };
  }

  private static JobStatus statusAt(Place place) {
    return switch (place) {
      case READY -> JobStatus.READY;
      case DELAYED -> JobStatus.SCHEDULED;
      case LIMITED -> JobStatus.LIMITED;
      case WAITING -> JobStatus.WAITING;
    };
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  void cancel_wherever_leavesNothingBehindAndTellsAll(Place place, SettableClock clock) {
    BatchId batch = jobs.batch("b").create();
    JobId id = standing(place, batch, clock);
    JobId child = jobs.enqueue(Kinds.OTHER, new Number(2), JobOptions.defaults().after(id));
    jobs.seal(batch);
    assertThat(status(id)).isEqualTo(statusAt(place));
    assertThat(jobs.enqueueOrFind(Kinds.PLAIN, new Number(9), unique()))
        .isEqualTo(new Enqueued.Duplicate(id));

    assertThat(jobs.cancel(id)).isEqualTo(CancelResult.CANCELLED);

    assertThat(status(id)).isEqualTo(JobStatus.CANCELLED);
    assertThat(jobs.batch(batch).orElseThrow().failed()).isEqualTo(1);
    assertThat(jobs.batch(batch).orElseThrow().cancelled()).isEqualTo(1);
    assertThat(count("job_unique")).isZero();
    assertThat(count("job_deadlines")).isZero();
    assertThat(jobs.waitsFor(id)).isEmpty();
    // One that waited itself was signalled when it was enqueued, too.
    assertThat(count("job_signals WHERE job_id = '" + id.value() + "'"))
        .isEqualTo(place == Place.WAITING ? 2 : 1);
    try (Jobs runner = runner(builder -> {})) {
      await().until(() -> runner.batch(batch).orElseThrow().isFinished());
      awaitStatus(child, JobStatus.CANCELLED);
    }
    assertThat(jobs.batch(batch).orElseThrow().status()).isEqualTo(Batch.Status.CANCELLED);
    assertThat(cancelled).extracting(JobCancelled::jobId).containsExactly(id, child);
  }

  private static JobOptions unique() {
    return JobOptions.defaults().unique(Unique.byKey("only"));
  }

  @Test
  void cancelAll_limitedAndWaiting_byTheirStatusOrAll() {
    jobs.limits().set(Limit.type(Kinds.PLAIN).maxRunning(1));
    JobId limited = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobId other = jobs.enqueue(Kinds.OTHER, new Number(1));
    JobId waiting = jobs.enqueue(Kinds.OTHER, new Number(2), JobOptions.defaults().after(other));

    assertThat(
            jobs.cancelAll(
                JobFilter.all().status(JobStatus.LIMITED), 10, Cancellation.unexplained()))
        .isEqualTo(1);
    assertThat(status(limited)).isEqualTo(JobStatus.CANCELLED);
    assertThat(jobs.cancelAll(JobFilter.all(), 10, Cancellation.unexplained())).isEqualTo(2);
    assertThat(status(waiting)).isEqualTo(JobStatus.CANCELLED);
    assertThat(count("job_edges")).isZero();
  }

  @ParameterizedTest
  @EnumSource(Place.class)
  void deadlinePasses_wherever_failsItAndTellsAll(Place place, SettableClock clock) {
    BatchId batch = jobs.batch("b").create();
    JobId id = standing(place, batch, clock);
    JobId child = jobs.enqueue(Kinds.OTHER, new Number(2), JobOptions.defaults().after(id));
    jobs.seal(batch);
    clock.advance(Duration.ofHours(2));

    try (Jobs runner = runner(builder -> {})) {
      awaitStatus(id, JobStatus.FAILED);
      await().until(() -> runner.batch(batch).orElseThrow().isFinished());
      awaitStatus(child, JobStatus.CANCELLED);
    }
    assertThat(jobs.batch(batch).orElseThrow().status()).isEqualTo(Batch.Status.FAILED);
    assertThat(jobs.waitsFor(id)).isEmpty();
    assertThat(count("job_deadlines")).isZero();
    assertThat(ended().failed()).isEqualTo(1);
    assertThat(failed).extracting(JobFailed::jobId).containsExactly(id);
    assertThat(jobs.enqueueOrFind(Kinds.PLAIN, new Number(9), unique()))
        .isInstanceOf(Enqueued.Fresh.class);
  }

  @Test
  void letThroughAndCancelled_theNextIsLetThrough() {
    jobs.limits().set(Limit.type(Kinds.OTHER).maxRunning(1));
    List<JobId> ids =
        jobs.enqueueAll(Kinds.OTHER, List.of(new Number(1), new Number(2)), JobOptions.defaults());
    try (Jobs runner = runner(builder -> {})) {
      awaitStatus(ids.get(0), JobStatus.READY);
      assertThat(status(ids.get(1))).isEqualTo(JobStatus.LIMITED);

      assertThat(runner.cancel(ids.get(0))).isEqualTo(CancelResult.CANCELLED);

      awaitStatus(ids.get(1), JobStatus.READY);
    }
  }

  @Test
  void runningAndCancelled_isCountedEverywhereAndMakesRoom(SettableClock clock) {
    CountDownLatch begun = new CountDownLatch(1);
    jobs.limits().set(Limit.type(HELD).maxRunning(1));
    BatchId batch = jobs.batch("b").create();
    JobId id =
        jobs.enqueue(
            HELD,
            new Number(1),
            unique().batch(batch).deadline(clock.instant().plus(Duration.ofDays(3))));
    JobId next = jobs.enqueue(HELD, new Number(2));
    JobId child = jobs.enqueue(Kinds.OTHER, new Number(3), JobOptions.defaults().after(id));
    jobs.seal(batch);
    try (Jobs runner =
        runner(
            builder ->
                builder.handle(
                    HELD,
                    (args, run) -> {
                      if (args.value() == 1) {
                        begun.countDown();
                        new CountDownLatch(1).await();
                      }
                    }))) {
      await().until(() -> begun.getCount() == 0);
      assertThat(runner.cancel(id)).isEqualTo(CancelResult.REQUESTED);

      awaitStatus(id, JobStatus.CANCELLED);
      awaitStatus(next, JobStatus.COMPLETED);
      awaitStatus(child, JobStatus.CANCELLED);
      await().until(() -> runner.batch(batch).orElseThrow().isFinished());
    }
    assertThat(jobs.batch(batch).orElseThrow().status()).isEqualTo(Batch.Status.CANCELLED);
    assertThat(ended().cancelled()).isEqualTo(1);
    assertThat(count("job_unique")).isZero();
    assertThat(count("job_deadlines")).isZero();
    assertThat(cancelled).extracting(JobCancelled::jobId).containsExactly(id, child);
  }

  @Test
  void snoozed_isCounted_andWaitsAtTheGateAgain() {
    jobs.limits().set(Limit.type(HELD).maxRunning(1));
    JobId id = jobs.enqueue(HELD, new Number(1));
    JobId next = jobs.enqueue(HELD, new Number(2));
    try (Jobs runner =
        runner(
            builder ->
                builder.handle(
                    HELD,
                    (args, run) -> {
                      if (args.value() == 1) {
                        throw new SnoozeException(Duration.ofDays(1));
                      }
                    }))) {
      awaitStatus(id, JobStatus.SCHEDULED);
      awaitStatus(next, JobStatus.COMPLETED);
      assertThat(runner.check()).isEmpty();
    }
    assertThat(ended().snoozed()).isEqualTo(1);
    sql("UPDATE plinth.job_delayed SET run_at = now()");
    try (Jobs runner = runner(Duration.ofMillis(50), builder -> {})) {
      await().until(() -> runner.find(id).orElseThrow().status() == JobStatus.READY);
      assertThat(
              AtWork.number(
                  plinth, "SELECT count(*) FROM plinth.job_ready WHERE group_id IS NOT NULL"))
          .isEqualTo(1);
    }
  }

  @Test
  void completedInItsTransaction_theNextIsLetThrough() {
    jobs.limits().set(Limit.type(HELD).maxRunning(1));
    CountDownLatch completed = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    jobs.enqueue(HELD, new Number(1));
    JobId next = jobs.enqueue(HELD, new Number(2));
    try (Jobs runner =
        runner(
            builder ->
                builder.handle(
                    HELD,
                    (args, run) -> {
                      plinth.transact(tx -> run.completeIn(tx));
                      if (args.value() == 1) {
                        completed.countDown();
                        goOn.await();
                      }
                    }))) {
      await().until(() -> completed.getCount() == 0);

      // The first handler has not returned yet.
      await().until(() -> runner.find(next).orElseThrow().status() == JobStatus.COMPLETED);
      goOn.countDown();
    }
  }

  @Test
  void childOfAFailedJob_isCancelledWithKeyAndDeadline(SettableClock clock) {
    JobId bad = jobs.enqueue(BAD, new Number(1));
    JobId child =
        jobs.enqueue(
            Kinds.PLAIN,
            new Number(2),
            unique().after(bad).deadline(clock.instant().plus(Duration.ofDays(3))));
    try (Jobs runner = runner(builder -> builder.handle(BAD, DISCARDED))) {
      awaitStatus(child, JobStatus.CANCELLED);
      assertThat(runner.find(bad).orElseThrow().status()).isEqualTo(JobStatus.FAILED);
    }
    assertThat(count("job_unique")).isZero();
    assertThat(count("job_deadlines")).isZero();
    assertThat(cancelled)
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.jobId()).isEqualTo(child);
              assertThat(event.cancellation().reason()).isEqualTo("Parent " + bad + " failed");
            });
  }

  @Test
  void failedForGood_hasNoDeadlineToLookAt_untilItIsRetried(SettableClock clock) {
    jobs.limits().set(Limit.type(BAD).maxRunning(1));
    JobId id =
        jobs.enqueue(
            BAD,
            new Number(1),
            JobOptions.defaults().deadline(clock.instant().plus(Duration.ofHours(1))));
    try (Jobs runner = runner(builder -> builder.handle(BAD, DISCARDED))) {
      await().until(() -> runner.find(id).orElseThrow().status() == JobStatus.FAILED);
    }
    assertThat(count("job_deadlines")).isZero();

    assertThat(jobs.retryAll(JobFilter.all(), 10)).isEqualTo(1);

    assertThat(status(id)).isEqualTo(JobStatus.LIMITED);
    assertThat(count("job_deadlines")).isEqualTo(1);
    clock.advance(Duration.ofHours(2));
    try (Jobs runner = runner(builder -> {})) {
      await().until(() -> runner.find(id).orElseThrow().status() == JobStatus.FAILED);
    }
  }

  @Test
  void key_heldWhileLimited_byNameAndWhileWaiting() {
    jobs.limits().set(Limit.type(Kinds.PLAIN).maxRunning(1));
    JobOptions named =
        JobOptions.defaults().unique(Unique.byKey("named").whileIn(JobStatus.LIMITED));
    JobOptions ready = JobOptions.defaults().unique(Unique.byKey("ready").whileWaiting());
    JobOptions running =
        JobOptions.defaults().unique(Unique.byKey("running").whileIn(JobStatus.RUNNING));
    for (JobOptions held : List.of(named, ready)) {
      JobId first = jobs.enqueue(Kinds.PLAIN, new Number(1), held);
      assertThat(jobs.enqueueOrFind(Kinds.PLAIN, new Number(2), held))
          .isEqualTo(new Enqueued.Duplicate(first));
    }
    jobs.enqueue(Kinds.PLAIN, new Number(1), running);
    assertThat(jobs.enqueueOrFind(Kinds.PLAIN, new Number(2), running))
        .isInstanceOf(Enqueued.Fresh.class);
  }

  @Test
  void graph_uniqueJob_isRefusedAtOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JobGraph.create().add("a", Kinds.PLAIN, new Number(1), unique()))
        .withMessageContaining("unique");
  }

  @Test
  void childrenOfARun_uniqueWaitingAndInABatch() {
    BatchId batch = jobs.batch("b").create();
    AtomicReference<List<JobId>> made = new AtomicReference<>();
    JobId parent = jobs.enqueue(HELD, new Number(0));
    try (Jobs runner =
        runner(
            builder ->
                builder.handle(
                    HELD,
                    (args, run) -> {
                      JobOptions inBatch = unique().batch(batch);
                      JobId first = run.enqueue(Kinds.PLAIN, new Number(1), inBatch);
                      JobId again = run.enqueue(Kinds.PLAIN, new Number(2), inBatch);
                      JobId after =
                          run.enqueue(
                              Kinds.PLAIN,
                              new Number(3),
                              JobOptions.defaults().after(run.id()).batch(batch));
                      JobId inGraph =
                          run.enqueue(
                                  JobGraph.create()
                                      .add(
                                          "x",
                                          Kinds.PLAIN,
                                          new Number(4),
                                          JobOptions.defaults().after(first).batch(batch)))
                              .get("x");
                      made.set(List.of(first, again, after, inGraph));
                    }))) {
      await().until(() -> runner.find(parent).orElseThrow().status() == JobStatus.COMPLETED);
      awaitStatus(made.get().get(2), JobStatus.READY);
    }
    List<JobId> ids = made.get();
    assertThat(ids.get(1)).isEqualTo(ids.get(0));
    assertThat(jobs.find(ids.get(2)).orElseThrow().parent()).isEqualTo(parent);
    assertThat(status(ids.get(3))).isEqualTo(JobStatus.WAITING);
    assertThat(jobs.batch(batch).orElseThrow().total()).isEqualTo(3);
  }

  @Test
  void usersMerged_jobsAtTheGateAreTheOthers() {
    UUID from = plinth.users().create(NewUser.withExternalId("ada")).id();
    UUID into = plinth.users().create(NewUser.withExternalId("countess")).id();
    jobs.limits().set(Limit.queue("default").fair(1));
    jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().user(from));

    plinth.users().merge(from, into);

    assertThat(
            AtWork.number(
                plinth, "SELECT count(*) FROM plinth.job_parked WHERE user_id = '" + into + "'"))
        .isEqualTo(1);
  }

  @Test
  void runManually_limitedWaitingAndOverdue_allComeToTheirEnd(SettableClock clock) {
    jobs.limits().set(Limit.type(Kinds.PLAIN).maxRunning(1));
    JobId first = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobId second = jobs.enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().after(first));
    JobId third = jobs.enqueue(Kinds.PLAIN, new Number(3));
    JobId late =
        jobs.enqueue(
            Kinds.PLAIN,
            new Number(4),
            JobOptions.defaults()
                .delay(Duration.ofDays(1))
                .deadline(clock.instant().plus(Duration.ofHours(1))));
    JobId child = jobs.enqueue(Kinds.PLAIN, new Number(5), JobOptions.defaults().after(late));
    try (Jobs manual = Jobs.builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      JobsTesting testing = JobsTesting.of(plinth, manual, clock);
      assertThat(testing.drain().count()).isEqualTo(3);
      assertThat(List.of(status(first), status(second), status(third)))
          .containsOnly(JobStatus.COMPLETED);
      assertThat(status(late)).isEqualTo(JobStatus.SCHEDULED);

      testing.advance(Duration.ofHours(2));
      assertThat(testing.drain().count()).isZero();

      assertThat(status(late)).isEqualTo(JobStatus.FAILED);
      assertThat(status(child)).isEqualTo(JobStatus.CANCELLED);
    }
  }

  @Test
  void groupThatIsNotTheJobs_isMended() {
    jobs.limits().set(Limit.type(Kinds.OTHER).maxRunning(1));
    JobId id = jobs.enqueue(Kinds.OTHER, new Number(1));
    try (Jobs runner = runner(builder -> {})) {
      awaitStatus(id, JobStatus.READY);
    }
    sql("UPDATE plinth.job_ready SET group_id = -1");

    mended("groups-match");

    assertThat(status(id)).isEqualTo(JobStatus.LIMITED);
  }

  private void mended(String invariant) {
    List<Repair> repairs = jobs.repair();
    assertThat(repairs)
        .singleElement()
        .satisfies(
            repair -> {
              assertThat(repair.fault().invariant()).isEqualTo(invariant);
              assertThat(repair.outcome()).isEqualTo(Repair.Outcome.MENDED);
            });
    assertThat(jobs.check()).isEmpty();
  }

  /** An outer batch with one inner, which ends by a cancellation or well. */
  private Map<String, BatchId> nested(boolean well) {
    BatchId outer =
        jobs.batch("outer")
            .onCompletion(CALLBACK, new Number(1))
            .onSuccess(CALLBACK, new Number(2))
            .onFailure(CALLBACK, new Number(3))
            .create();
    BatchId inner = jobs.batch("inner").parent(outer).create();
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().batch(inner));
    if (!well) {
      jobs.cancel(id);
    }
    jobs.seal(inner);
    jobs.seal(outer);
    try (Jobs runner =
        runner(Duration.ofMillis(50), builder -> builder.handle(Kinds.PLAIN, (args, run) -> {}))) {
      await().until(() -> runner.batch(outer).orElseThrow().isFinished());
      await().until(() -> callbacks(JobStatus.COMPLETED) == 2);
    }
    assertThat(jobs.check()).isEmpty();
    return Map.of("outer", outer, "inner", inner);
  }

  private int callbacks(JobStatus status) {
    return jobs.list(JobFilter.all().type(CALLBACK).status(status), Page.first(10)).size();
  }

  @Test
  void repair_nestedBatchThatEndedWell_successCallbackAndCounters() {
    BatchId outer = nested(true).get("outer");
    sql(
        "UPDATE plinth.batch_job_collections SET success_callback_job_id = NULL WHERE id = ?",
        outer.value());
    mended("batch-ends");
    assertThat(callbacks(JobStatus.READY)).isEqualTo(1);

    sql(
        "UPDATE plinth.batch_job_collections SET total_batches = 2, completed_batches = 2"
            + " WHERE id = ?",
        outer.value());
    mended("batches-equal-rows");
    assertThat(jobs.batch(outer).orElseThrow().batches()).isEqualTo(new Batch.Batches(1, 1, 0, 0));
  }

  @Test
  void repair_nestedBatchThatWasCancelled_failureCallbackStatusAndCounters() {
    Map<String, BatchId> batches = nested(false);
    BatchId outer = batches.get("outer");
    BatchId inner = batches.get("inner");
    assertThat(jobs.batch(outer).orElseThrow().status()).isEqualTo(Batch.Status.CANCELLED);
    sql(
        "UPDATE plinth.batch_job_collections SET failure_callback_job_id = NULL WHERE id = ?",
        outer.value());
    mended("batch-ends");
    assertThat(callbacks(JobStatus.READY)).isEqualTo(1);

    sql("UPDATE plinth.batch_job_collections SET status = 'failed' WHERE id = ?", outer.value());
    mended("batch-ends");
    assertThat(jobs.batch(outer).orElseThrow().status()).isEqualTo(Batch.Status.CANCELLED);
    assertThat(callbacks(JobStatus.READY)).isEqualTo(1);

    // A job that an earlier version cancelled: it counted as failed only.
    sql(
        "UPDATE plinth.batch_job_collections SET cancelled_jobs = 0, status = 'failed'"
            + " WHERE id = ?",
        inner.value());
    assertThat(jobs.check())
        .extracting(Fault::invariant)
        .containsExactlyInAnyOrder("counters-equal-rows", "batches-equal-rows");
    // From the inner one outwards, a step at a time.
    for (int round = 0; round < 6 && !jobs.check().isEmpty(); round++) {
      assertThat(jobs.repair()).extracting(Repair::outcome).contains(Repair.Outcome.MENDED);
    }
    assertThat(jobs.check()).isEmpty();
    assertThat(jobs.batch(inner).orElseThrow().status()).isEqualTo(Batch.Status.CANCELLED);
    assertThat(jobs.batch(outer).orElseThrow().status()).isEqualTo(Batch.Status.CANCELLED);
  }
}
