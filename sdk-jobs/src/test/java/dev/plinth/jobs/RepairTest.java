package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each invariant is broken by hand, found, mended, and holds again. */
@PlinthTest
class RepairTest {
  private static final JobType<Number> CALLBACK = JobType.of("callback", Number.class);

  private final AtomicInteger callbacks = new AtomicInteger();
  private Jobs jobs;
  private Plinth plinth;

  @BeforeEach
  void create(Plinth injected, Jobs made) {
    plinth = injected;
    jobs = made;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private void sql(String sql, Object... parameters) {
    plinth.transact(tx -> assertThat(Sql.update(tx.connection(), sql, parameters)).isPositive());
  }

  private Repair onlyRepair(String invariant) {
    List<Repair> repairs = jobs.repair();
    assertThat(repairs).hasSize(1);
    assertThat(repairs.get(0).fault().invariant()).isEqualTo(invariant);
    return repairs.get(0);
  }

  private void mended(String invariant) {
    assertThat(onlyRepair(invariant).outcome()).isEqualTo(Repair.Outcome.MENDED);
    assertThat(jobs.check()).isEmpty();
  }

  private Jobs runner() {
    Jobs runner =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, (args, run) -> {})
            .handle(CALLBACK, (args, run) -> callbacks.incrementAndGet())
            .workers(4)
            .pollInterval(Duration.ofMillis(20))
            .build();
    runner.start();
    return runner;
  }

  private void lease(JobId id, int epoch) {
    sql(
        """
        INSERT INTO plinth.job_leases
          (job_id, epoch, instance_id, claimed_at, queue, priority, type, job_version, attempt,
           claimer)
        SELECT id, ?, id, now(), queue, priority, type, job_version, 1, id
        FROM plinth.computational_jobs
        WHERE id = ?
        """,
        epoch,
        id.value());
  }

  private void delay(JobId id) {
    sql(
        """
        INSERT INTO plinth.job_delayed (job_id, run_at, queue, priority, type, job_version)
        SELECT id, now() + interval '1 hour', queue, priority, type, job_version
        FROM plinth.computational_jobs
        WHERE id = ?
        """,
        id.value());
  }

  @Test
  void inTwoPlaces_theLaterClaimStays() {
    JobId twice = jobs.enqueue(Kinds.PLAIN, new Number(1));
    delay(twice);
    mended("one-place");
    assertThat(jobs.find(twice).orElseThrow().status()).isEqualTo(JobStatus.READY);

    lease(twice, 1);
    mended("one-place");
    assertThat(jobs.find(twice).orElseThrow().status()).isEqualTo(JobStatus.RUNNING);
  }

  @Test
  void placeOfAnEndedOrUnknownJob_isRemoved() {
    JobId ended = jobs.enqueue(Kinds.PLAIN, new Number(1));
    try (Jobs runner = runner()) {
      await().until(() -> jobs.find(ended).orElseThrow().status() == JobStatus.COMPLETED);
    }
    lease(ended, 7);
    assertThat(onlyRepair("one-place").done()).contains("it has ended");

    JobId unknown = jobs.enqueue(Kinds.PLAIN, new Number(2));
    sql("DELETE FROM plinth.computational_jobs WHERE id = ?", unknown.value());
    mended("one-place");
  }

  @Test
  void placeThatSomebodyHolds_isLeftAlone(TestDatabase database) throws SQLException {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    delay(id);
    try (Connection moving = database.connect()) {
      moving.setAutoCommit(false);
      Sql.query(
          moving,
          "SELECT 1 FROM plinth.job_delayed WHERE job_id = ? FOR SHARE",
          row -> row.getInt(1),
          id.value());
      assertThat(onlyRepair("one-place").outcome()).isEqualTo(Repair.Outcome.LEFT);
      moving.rollback();
    }
    mended("one-place");
  }

  @Test
  void nowhere_isPutBackAndRuns_andAClaimNobodyKnowsOfIsFenced() {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobId later =
        jobs.enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().delay(Duration.ofDays(1)));
    sql("DELETE FROM plinth.job_ready");
    sql("DELETE FROM plinth.job_delayed");
    List<Fault> faults = jobs.check();
    assertThat(faults).extracting(Fault::invariant).containsOnly("not-nowhere").hasSize(2);

    assertThat(jobs.repair(faults)).extracting(Repair::outcome).containsOnly(Repair.Outcome.MENDED);
    assertThat(jobs.repair(faults)).extracting(Repair::outcome).containsOnly(Repair.Outcome.GONE);

    assertThat(jobs.find(later).orElseThrow().status()).isEqualTo(JobStatus.SCHEDULED);
    try (Jobs runner = runner()) {
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
    }
    assertThat(jobs.attempts(id))
        .singleElement()
        .satisfies(
            attempt -> {
              assertThat(attempt.number()).isEqualTo(1);
              assertThat(attempt.epoch()).isGreaterThan(1_000);
            });
  }

  @Test
  void movingAllTheTime_isNeverTakenForLost() {
    jobs.enqueueAll(Kinds.PLAIN, numbers(1_000), JobOptions.defaults());
    List<Fault> suspected =
        jobs.list(JobFilter.all(), Page.first(1_000)).stream()
            .map(job -> new Fault("not-nowhere", job.id().toString(), "suspected"))
            .toList();
    try (Jobs runner = runner()) {
      assertThat(jobs.repair(suspected))
          .extracting(Repair::outcome)
          .containsOnly(Repair.Outcome.GONE);
      await()
          .until(
              () ->
                  jobs.list(JobFilter.all().status(JobStatus.COMPLETED), Page.first(1_000)).size()
                      == 1_000);
    }
    assertThat(jobs.list(JobFilter.all(), Page.first(1_000)))
        .allSatisfy(job -> assertThat(jobs.attempts(job.id())).hasSize(1));
  }

  @Test
  void epochBehindAnAttempt_goesOnBeyondIt() {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    sql(
        """
        INSERT INTO plinth.job_attempts
          (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome)
        VALUES (?, 3, 1, ?, now(), now(), 'lost')
        """,
        id.value(),
        UUID.randomUUID());

    mended("epochs-ascend");

    try (Jobs runner = runner()) {
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
    }
    assertThat(jobs.attempts(id).get(1).epoch()).isGreaterThan(3);
    assertThat(jobs.attempts(id).get(1).number()).isEqualTo(2);
  }

  private static List<Number> numbers(int count) {
    return IntStream.range(0, count).mapToObj(Number::new).toList();
  }

  @Test
  void counters_recountedWhileJobsEnd_areExactInTheEnd() {
    BatchId batch = jobs.batch("b").onCompletion(CALLBACK, new Number(0)).create();
    jobs.enqueueAll(Kinds.PLAIN, numbers(2_000), JobOptions.defaults().batch(batch));
    sql(
        "UPDATE plinth.batch_job_collections SET total_jobs = total_jobs + 5 WHERE id = ?",
        batch.value());
    try (Jobs runner = runner()) {
      await().until(() -> jobs.batch(batch).orElseThrow().completed() > 0);
      mended("counters-equal-rows");
      jobs.seal(batch);
      await().until(() -> jobs.batch(batch).orElseThrow().isFinished());
      await().until(() -> callbacks.get() > 0);
    }
    Batch ended = jobs.batch(batch).orElseThrow();
    assertThat(ended.total()).isEqualTo(2_000);
    assertThat(ended.completed()).isEqualTo(2_000);
    assertThat(callbacks).hasValue(1);
  }

  @Test
  void counters_thatKeptABatchFromEnding_letItEnd() {
    BatchId batch = jobs.batch("b").onCompletion(CALLBACK, new Number(0)).create();
    jobs.enqueueAll(Kinds.PLAIN, numbers(3), JobOptions.defaults().batch(batch));
    sql("INSERT INTO plinth.batch_deltas (batch_id, total) VALUES (?, 1)", batch.value());
    jobs.seal(batch);
    try (Jobs runner = runner()) {
      await().until(() -> jobs.batch(batch).orElseThrow().completed() == 3);
      assertThat(jobs.batch(batch).orElseThrow().isFinished()).isFalse();

      mended("counters-equal-rows");

      await().until(() -> callbacks.get() == 1);
    }
  }

  private BatchId ended() {
    BatchId batch = jobs.batch("b").onCompletion(CALLBACK, new Number(0)).create();
    jobs.enqueueAll(Kinds.PLAIN, numbers(3), JobOptions.defaults().batch(batch));
    jobs.seal(batch);
    try (Jobs runner = runner()) {
      await().until(() -> callbacks.get() == 1);
    }
    return batch;
  }

  @Test
  void callbackMissing_isEnqueuedOnceThoughManyRepair() {
    BatchId batch = ended();
    sql(
        "UPDATE plinth.batch_job_collections SET callback_job_id = NULL WHERE id = ?",
        batch.value());
    List<Fault> faults = jobs.check();
    assertThat(faults).extracting(Fault::invariant).containsExactly("batch-ends");

    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<CompletableFuture<List<Repair>>> racing =
          IntStream.range(0, 8)
              .mapToObj(i -> CompletableFuture.supplyAsync(() -> jobs.repair(faults), threads))
              .toList();
      assertThat(racing.stream().flatMap(repair -> repair.join().stream()))
          .extracting(Repair::outcome)
          .containsOnlyOnce(Repair.Outcome.MENDED);
    } finally {
      threads.shutdown();
    }
    assertThat(jobs.list(JobFilter.all().type(CALLBACK), Page.first(10))).hasSize(2);
    try (Jobs runner = runner()) {
      await().until(() -> callbacks.get() == 2);
    }
  }

  @Test
  void statusOfAnEndedBatch_isThatOfItsJobs() {
    BatchId batch = ended();
    sql("UPDATE plinth.batch_job_collections SET status = 'failed' WHERE id = ?", batch.value());

    mended("batch-ends");

    assertThat(jobs.batch(batch).orElseThrow().status()).isEqualTo(Batch.Status.COMPLETED);
  }

  @Test
  void openBatchThatNamesACallback_isCalledAtItsEnd() {
    BatchId batch = jobs.batch("b").onCompletion(CALLBACK, new Number(0)).create();
    sql("UPDATE plinth.batch_job_collections SET callback_job_id = id WHERE id = ?", batch.value());

    mended("batch-ends");

    jobs.seal(batch);
    try (Jobs runner = runner()) {
      await().until(() -> callbacks.get() == 1);
    }
  }

  @Test
  void nowhereAndWaitingForOthers_waitsAgain() {
    JobId parent = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobId child = jobs.enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().after(parent));
    sql("DELETE FROM plinth.job_waiting WHERE job_id = ?", child.value());
    List<Repair> repairs = jobs.repair();
    assertThat(repairs)
        .filteredOn(repair -> repair.fault().invariant().equals("not-nowhere"))
        .extracting(Repair::outcome)
        .containsExactly(Repair.Outcome.MENDED);

    assertThat(jobs.find(child).orElseThrow().status()).isEqualTo(JobStatus.WAITING);
    assertThat(jobs.check()).isEmpty();
    try (Jobs runner = runner()) {
      await().until(() -> jobs.find(child).orElseThrow().status() == JobStatus.COMPLETED);
    }
  }

  @Test
  void edgesOfOneThatDoesNotWait_areRemoved() {
    JobId parent = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobId other = jobs.enqueue(Kinds.PLAIN, new Number(2));
    sql(
        "INSERT INTO plinth.job_edges (job_id, parent_id, on_failure) VALUES (?, ?, 'run')",
        other.value(),
        parent.value());

    mended("edges-of-waiting");
  }

  @Test
  void waitsInVain_isPutInLine(SettableClock clock) {
    JobId parent =
        jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().delay(Duration.ofDays(1)));
    JobId child = jobs.enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().after(parent));
    sql("DELETE FROM plinth.job_edges WHERE job_id = ?", child.value());
    clock.advance(Duration.ofMinutes(2));

    mended("waits-for-something");

    assertThat(jobs.find(child).orElseThrow().status()).isEqualTo(JobStatus.READY);
  }

  @Test
  void nowhereAndLimited_isCountedByTheLimitAgain() {
    jobs.limits().set(Limit.type(Kinds.PLAIN).maxRunning(1));
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    sql("DELETE FROM plinth.job_parked WHERE job_id = ?", id.value());

    mended("not-nowhere");

    assertThat(jobs.find(id).orElseThrow().status()).isEqualTo(JobStatus.LIMITED);
    try (Jobs runner = runner()) {
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
    }
  }

  private JobId completed(JobOptions options) {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1), options);
    try (Jobs runner = runner()) {
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
    }
    return id;
  }

  @Test
  void keyOfAnEndedJob_isFreed() {
    JobId id = completed(JobOptions.defaults());
    sql("UPDATE plinth.computational_jobs SET holds_key = TRUE WHERE id = ?", id.value());
    sql(
        "INSERT INTO plinth.job_unique (hash, bucket, job_id, states)"
            + " VALUES ('x', 0, ?, ARRAY['ready', 'running'])",
        id.value());

    mended("unique-keys-freed");
  }

  @Test
  void keyThatTheRecordDoesNotTellOf_isTold() {
    JobId id =
        jobs.enqueue(
            Kinds.PLAIN, new Number(1), JobOptions.defaults().unique(Unique.byKey("only")));
    sql("UPDATE plinth.computational_jobs SET holds_key = NULL WHERE id = ?", id.value());

    mended("unique-keys-marked");
  }

  @Test
  void wishToCancelAnEndedJob_isForgotten(SettableClock clock) {
    JobId id = completed(JobOptions.defaults());
    sql("INSERT INTO plinth.job_cancels (job_id, requested_at) VALUES (?, now())", id.value());
    clock.advance(Duration.ofMinutes(2));

    mended("cancel-requests-of-the-living");
  }

  @Test
  void deadlineThatNobodyLooksAt_isLookedAt(SettableClock clock) {
    JobId id =
        jobs.enqueue(
            Kinds.PLAIN,
            new Number(1),
            JobOptions.defaults()
                .delay(Duration.ofDays(3))
                .deadline(clock.instant().plus(Duration.ofHours(1))));
    sql("DELETE FROM plinth.job_deadlines WHERE job_id = ?", id.value());

    mended("deadlines-looked-at");

    clock.advance(Duration.ofHours(2));
    try (Jobs runner = runner()) {
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.FAILED);
    }
  }

  @Test
  void whatNobodyKnowsHowToMend_isLeftAndSaid() {
    Fault odd = new Fault("ended-once", UUID.randomUUID().toString(), "?");

    assertThat(jobs.repair(List.of(odd)))
        .singleElement()
        .satisfies(
            repair -> {
              assertThat(repair.fault()).isEqualTo(odd);
              assertThat(repair.outcome()).isEqualTo(Repair.Outcome.LEFT);
            });
  }
}
