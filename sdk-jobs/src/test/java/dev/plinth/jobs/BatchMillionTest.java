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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One batch as large as it gets, run by nodes that are killed again and again. */
@Tag("proof")
@PlinthTest(durable = true)
class BatchMillionTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int JOBS = LARGE ? 1_000_000 : 20_000;
  private static final int KILLS = LARGE ? 9 : 3;
  private static final int NODES = 3;
  private static final int AT_ONCE = 5_000;
  private static final Duration PATIENCE = Duration.ofMinutes(LARGE ? 60 : 5);

  /** What no other attempt would mend. */
  private static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Every thousandth fails; what a killed node ran runs again. */
  private static final JobType<Number> UNIT =
      JobType.of("unit", Number.class)
          .withRetryPolicy(
              RetryPolicy.defaults()
                  .withMaxAttempts(1000)
                  .withRetryable(failure -> !(failure instanceof Refused)));

  private static final JobType<String> CALLED = JobType.of("called", String.class);

  /** Runs jobs until it is killed. */
  static final class Node {
    public static void main(String[] args) throws InterruptedException {
      TestDatabase database = TestDatabase.attach(args[0]);
      Plinth plinth =
          database.plinth(database.pool(6)).instanceTimeToLive(Duration.ofSeconds(3)).build();
      try (Jobs jobs =
          Jobs.builder(plinth)
              .handle(
                  UNIT,
                  (number, run) -> {
                    if (number.value() % 1_000 == 0) {
                      throw new Refused();
                    }
                  })
              .handle(CALLED, (name, run) -> {})
              .workers(16)
              .pollInterval(Duration.ofMillis(100))
              .build()) {
        jobs.start();
        new CountDownLatch(1).await();
      }
    }
  }

  @Test
  void batch_largeAndItsNodesKilled_countsExactlyAndCallsBackOnce(
      Plinth plinth, Jobs jobs, TestDatabase database) {
    BatchId batch =
        jobs.batch("large")
            .onCompletion(CALLED, "ended")
            .onSuccess(CALLED, "well")
            .onFailure(CALLED, "badly")
            .create();
    long began = System.nanoTime();
    Deque<ForkedJvm> nodes = new ArrayDeque<>();
    try {
      for (int i = 0; i < NODES; i++) {
        nodes.add(ForkedJvm.start(Node.class, database.url()));
      }
      CompletableFuture<Void> producer = CompletableFuture.runAsync(() -> produce(jobs, batch));
      for (int kill = 1; kill <= KILLS; kill++) {
        long enough = (long) JOBS * kill / (KILLS + 1);
        await().atMost(PATIENCE).until(() -> ended(jobs, batch) >= enough);
        nodes.remove().close();
        nodes.add(ForkedJvm.start(Node.class, database.url()));
      }
      producer.join();
      await().atMost(PATIENCE).until(() -> jobs.batch(batch).orElseThrow().isFinished());
      await()
          .until(
              () ->
                  jobs.list(JobFilter.all().type(CALLED), Page.first(9)).stream()
                      .allMatch(job -> job.status() == JobStatus.COMPLETED));
    } finally {
      nodes.forEach(ForkedJvm::close);
    }
    double seconds = (System.nanoTime() - began) / 1e9;

    Batch ended = jobs.batch(batch).orElseThrow();
    assertThat(ended.status()).isEqualTo(Batch.Status.FAILED);
    assertThat(ended.total()).isEqualTo(JOBS);
    assertThat(ended.failed()).isEqualTo(JOBS / 1_000);
    assertThat(ended.completed()).isEqualTo(JOBS - JOBS / 1_000);
    assertThat(jobs.list(JobFilter.all().type(CALLED), Page.first(9)))
        .extracting(Job::id)
        .containsExactlyInAnyOrder(ended.callback(), ended.failureCallback());
    long folds = updates(plinth, "n_tup_upd");
    // About 150 of 20,000 jobs: many are folded at once, and the row is not hot.
    assertThat(folds).as("updates of the batch's row").isBetween(1L, JOBS / 40L);
    System.out.printf(
        Locale.ROOT,
        "%,d jobs in one batch, %d nodes, %d killed: %.0f s, %.0f jobs/s; its row was updated %,d"
            + " times, %,d of them HOT; deltas appended: %,d%n",
        JOBS,
        NODES,
        KILLS,
        seconds,
        JOBS / seconds,
        folds,
        updates(plinth, "n_tup_hot_upd"),
        stat(plinth, "batch_deltas", "n_tup_ins"));
    assertThat(jobs.check()).isEmpty();
  }

  private static void produce(Jobs jobs, BatchId batch) {
    for (int from = 0; from < JOBS; from += AT_ONCE) {
      jobs.enqueueAll(
          UNIT,
          IntStream.range(from, from + AT_ONCE).mapToObj(Number::new).toList(),
          JobOptions.defaults().batch(batch));
    }
    jobs.seal(batch);
  }

  private static long ended(Jobs jobs, BatchId id) {
    Batch batch = jobs.batch(id).orElseThrow();
    return batch.completed() + batch.failed();
  }

  private static long updates(Plinth plinth, String counter) {
    return stat(plinth, "batch_job_collections", counter);
  }

  private static long stat(Plinth plinth, String table, String counter) {
    return plinth.<Long, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT " + counter + " FROM pg_stat_user_tables WHERE relname = ?",
                    row -> row.getLong(1),
                    table)
                .get(0));
  }
}
