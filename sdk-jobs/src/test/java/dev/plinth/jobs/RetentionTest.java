package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.jobs.internal.Retain;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Old jobs go, a month at a time where that is possible, and none that has not ended. */
@PlinthTest
class RetentionTest {
  private static final Instant JUNE = Instant.parse("2030-06-10T12:00:00Z");
  private static final Duration KEEP = Duration.ofDays(20);

  /** June's partition is old enough, but not overdue. */
  private static final Instant JULY = Instant.parse("2030-07-25T12:00:00Z");

  /** It is overdue. */
  private static final Instant SEPTEMBER = Instant.parse("2030-09-10T12:00:00Z");

  private static final JobType<Number> ONCE =
      JobType.of("once", Number.class).withRetryPolicy(RetryPolicy.never());

  private Jobs jobs;
  private Plinth plinth;
  private SettableClock clock;

  @BeforeEach
  void inJune(Plinth injected, Jobs made, SettableClock settable) {
    plinth = injected;
    jobs = made;
    clock = settable;
    moveTo(JUNE);
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private void moveTo(Instant time) {
    clock.set(time);
    plinth.partitions().ensureAhead();
  }

  private Pruned retain() {
    return new Retain(plinth).run(Retention.keep(KEEP));
  }

  /** Runs what is ready. */
  private void drain() {
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, (args, run) -> {})
            .handle(
                ONCE,
                (args, run) -> {
                  throw new IllegalStateException("no");
                })
            .workers(4)
            .pollInterval(Duration.ofMillis(20))
            .build()) {
      runner.start();
      await().until(() -> rows("job_ready") + rows("job_leases") == 0);
    }
  }

  private long rows(String table) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(), "SELECT count(*) FROM plinth." + table, row -> row.getLong(1))
                .get(0));
  }

  private static List<Number> numbers(int count) {
    return IntStream.range(0, count).mapToObj(Number::new).toList();
  }

  private JobStatus status(JobId id) {
    return jobs.find(id).orElseThrow().status();
  }

  @Test
  void allEnded_theirPartitionsAreDropped_andTheBatchStillCounts() {
    BatchId batch = jobs.batch("b").create();
    jobs.enqueueAll(Kinds.PLAIN, numbers(20), JobOptions.defaults().batch(batch));
    JobId failed = jobs.enqueue(ONCE, new Number(1));
    jobs.seal(batch);
    drain();
    assertThat(jobs.attempts(failed)).hasSize(1);
    moveTo(JULY);
    JobId young = jobs.enqueue(Kinds.PLAIN, new Number(2));

    Pruned pruned = retain();

    assertThat(pruned.partitions())
        .contains("computational_jobs_p203006", "job_attempts_p203006")
        .doesNotContain("computational_jobs_p203007");
    assertThat(pruned.left()).isEmpty();
    assertThat(pruned.jobs()).isZero();
    assertThat(jobs.list(JobFilter.all(), Page.first(100)))
        .extracting(Job::id)
        .containsExactly(young);
    assertThat(rows("job_attempts")).isZero();
    assertThat(jobs.batch(batch).orElseThrow().completed()).isEqualTo(20);
    assertThat(jobs.retry(failed)).isFalse();
  }

  @Test
  void oneHasNotEnded_itsPartitionStays_andIsEmptiedAroundItWhenOverdue() {
    jobs.enqueueAll(Kinds.PLAIN, numbers(20), JobOptions.defaults());
    drain();
    JobId pending =
        jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().delay(Duration.ofDays(92)));
    moveTo(JULY);

    Pruned first = retain();
    assertThat(first.left()).containsExactly("computational_jobs_p203006");
    assertThat(first.jobs()).isZero();
    assertThat(rows("computational_jobs")).isEqualTo(21);

    moveTo(SEPTEMBER);
    Pruned second = retain();
    assertThat(second.left()).startsWith("computational_jobs_p203006");
    assertThat(second.jobs()).isEqualTo(20);
    assertThat(status(pending)).isEqualTo(JobStatus.SCHEDULED);

    clock.advance(Duration.ofDays(5));
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, (args, run) -> {})
            .pollInterval(Duration.ofMillis(20))
            .build()) {
      runner.start();
      await().until(() -> status(pending) == JobStatus.COMPLETED);
    }
    // Kept as long as any other from its end on.
    assertThat(retain().left()).startsWith("computational_jobs_p203006");
    assertThat(status(pending)).isEqualTo(JobStatus.COMPLETED);
    moveTo(SEPTEMBER.plus(KEEP).plus(Duration.ofDays(6)));
    assertThat(retain().partitions()).contains("computational_jobs_p203006");
  }

  @Test
  void prune_toTheDay_deletesWhatEndedBefore() {
    BatchId batch = jobs.batch("b").create();
    jobs.enqueueAll(Kinds.PLAIN, numbers(2_500), JobOptions.defaults().batch(batch));
    JobId failed = jobs.enqueue(ONCE, new Number(1));
    drain();
    JobId pending =
        jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().delay(Duration.ofDays(30)));
    moveTo(JUNE.plus(Duration.ofDays(5)));
    JobId young = jobs.enqueue(ONCE, new Number(1));
    drain();
    moveTo(JUNE.plus(Duration.ofDays(10)));

    assertThat(jobs.prune(Duration.ofDays(7)).jobs()).isEqualTo(2_501);

    assertThat(jobs.find(failed)).isEmpty();
    assertThat(jobs.attempts(failed)).isEmpty();
    assertThat(jobs.attempts(young)).hasSize(1);
    assertThat(status(pending)).isEqualTo(JobStatus.SCHEDULED);
    assertThat(jobs.batch(batch).orElseThrow().completed()).isEqualTo(2_500);
    assertThat(jobs.retry(young)).isTrue();
    assertThat(jobs.prune(Duration.ofDays(7)).jobs()).isZero();
  }

  @Test
  void prune_countersOfAYoungBatch_areStillCompared() {
    jobs.enqueue(ONCE, new Number(1));
    drain();
    moveTo(JUNE.plus(Duration.ofDays(10)));
    jobs.prune(Duration.ofDays(7));
    BatchId batch = jobs.batch("young").create();
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "UPDATE plinth.batch_job_collections SET total_jobs = 5 WHERE id = ?",
                batch.value()));

    assertThat(jobs.check()).extracting(Fault::invariant).containsExactly("counters-equal-rows");
    assertThat(jobs.repair()).extracting(Repair::outcome).containsExactly(Repair.Outcome.MENDED);
  }

  @Test
  void failedOneThatOthersWaitFor_stays() {
    JobId failed = jobs.enqueue(ONCE, new Number(1));
    jobs.enqueueAll(Kinds.PLAIN, numbers(3), JobOptions.defaults());
    drain();
    JobId child =
        jobs.enqueue(
            Kinds.PLAIN, new Number(2), JobOptions.defaults().after(OnFailure.HOLD, failed));
    moveTo(SEPTEMBER);

    assertThat(jobs.prune(KEEP).jobs()).isEqualTo(3);

    assertThat(status(failed)).isEqualTo(JobStatus.FAILED);
    assertThat(status(child)).isEqualTo(JobStatus.WAITING);
  }

  @Test
  void retriedWhileItsPartitionIsToBeDropped_isNotLost(TestDatabase database) throws Exception {
    JobId failed = jobs.enqueue(ONCE, new Number(1));
    drain();
    moveTo(JULY);
    try (Connection host = database.connect()) {
      host.setAutoCommit(false);
      assertThat(jobs.in(plinth.join(host)).retry(failed)).isTrue();
      assertThat(retain().left()).containsExactly("computational_jobs_p203006");
      host.commit();
    }
    assertThat(status(failed)).isEqualTo(JobStatus.READY);
    assertThat(retain().left()).containsExactly("computational_jobs_p203006");
    drain();
    assertThat(status(failed)).isEqualTo(JobStatus.FAILED);
  }

  @Test
  void closedForDropping_isNotRevived() {
    JobId failed = jobs.enqueue(ONCE, new Number(1));
    drain();
    // As a process leaves it that dies just before it drops the partition.
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "UPDATE plinth.job_marks SET at = '2030-07-01T00:00:00Z' WHERE name = 'closed'"));

    assertThat(jobs.retry(failed)).isFalse();

    moveTo(JULY);
    assertThat(retain().partitions()).contains("computational_jobs_p203006");
  }

  @Test
  void enqueuedLongAgoAndNotCommitted_isNotLost(TestDatabase database) throws Exception {
    JobId id;
    try (Connection host = database.connect()) {
      host.setAutoCommit(false);
      id = jobs.in(plinth.join(host)).enqueue(Kinds.PLAIN, new Number(1));
      moveTo(JULY);
      assertThat(retain().left()).containsExactly("computational_jobs_p203006");
      host.commit();
    }
    assertThat(retain().left()).containsExactly("computational_jobs_p203006");
    assertThat(status(id)).isEqualTo(JobStatus.READY);
  }

  @Test
  void drop_whileAReaderIsOpen_holdsNobodyUp(TestDatabase database) throws Exception {
    JobId old = jobs.enqueue(Kinds.PLAIN, new Number(1));
    drain();
    moveTo(JULY);
    CompletableFuture<Pruned> dropping;
    try (Connection reader = database.connect()) {
      reader.setAutoCommit(false);
      Sql.query(reader, "SELECT count(*) FROM plinth.computational_jobs", row -> row.getLong(1));
      dropping = CompletableFuture.supplyAsync(this::retain);
      await().until(this::isDetaching);

      // The reader does not end before these have been done.
      JobId young = jobs.enqueue(Kinds.PLAIN, new Number(2));
      drain();
      assertThat(status(young)).isEqualTo(JobStatus.COMPLETED);
      assertThat(jobs.list(JobFilter.all().type(Kinds.PLAIN), Page.first(10)))
          .extracting(Job::id)
          .contains(young);
      assertThat(isDetaching()).isTrue();
      reader.rollback();
    }
    Pruned pruned = dropping.join();
    assertThat(pruned.partitions().isEmpty() ? retain().partitions() : pruned.partitions())
        .contains("computational_jobs_p203006");
    assertThat(jobs.find(old)).isEmpty();
  }

  private boolean isDetaching() {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    """
                    SELECT EXISTS (
                      SELECT FROM pg_inherits
                      WHERE inhparent = 'plinth.computational_jobs'::regclass
                        AND inhdetachpending)
                    """,
                    row -> row.getBoolean(1))
                .get(0));
  }

  @Test
  void retention_isATaskOfTheCluster(Plinth injected) {
    jobs.enqueue(Kinds.PLAIN, new Number(1));
    drain();
    moveTo(JULY);
    try (Jobs keeping =
        Jobs.builder(injected)
            .handle(Kinds.PLAIN, (args, run) -> {})
            .retention(Retention.keep(KEEP))
            .build()) {
      keeping.start();
      await()
          .until(
              () -> {
                injected.maintenance().runNow("jobs.retention");
                return rows("computational_jobs") == 0;
              });
    }
    assertThatThrownBy(() -> injected.maintenance().runNow("jobs.retention"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void badArguments_areRefused() {
    assertThatThrownBy(() -> jobs.prune(Duration.ofMinutes(59)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("keep must be at least an hour");
    assertThatThrownBy(() -> Retention.keep(Duration.ofDays(40_000)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
