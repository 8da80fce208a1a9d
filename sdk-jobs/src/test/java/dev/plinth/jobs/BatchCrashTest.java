package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A process dies at the end of a batch; the batch ends all the same, and calls back once. */
@Tag("proof")
@PlinthTest(durable = true)
class BatchCrashTest {
  private static final JobType<Number> UNIT = JobType.of("unit", Number.class);
  private static final JobType<Number> CALLED = JobType.of("called", Number.class);
  private static final int JOBS = 300;

  private Jobs inspect;

  @BeforeEach
  void create(Jobs injected) {
    inspect = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(inspect.check()).isEmpty();
  }

  private static Jobs runner(Plinth plinth) {
    Jobs jobs =
        Jobs.builder(plinth)
            .handle(UNIT, (args, run) -> {})
            .handle(CALLED, (args, run) -> {})
            .workers(8)
            .pollInterval(Duration.ofMillis(30))
            .build();
    jobs.start();
    return jobs;
  }

  private static Plinth plinth(TestDatabase database) {
    return database.plinth(database.pool(5)).instanceTimeToLive(Duration.ofSeconds(1)).build();
  }

  /** Runs jobs until it is killed. */
  static final class Node {
    public static void main(String[] args) throws InterruptedException {
      Jobs jobs = runner(plinth(TestDatabase.attach(args[0])));
      new CountDownLatch(1).await();
      jobs.close();
    }
  }

  /** Stands still in the transaction that ends a batch, with everything written. */
  static final class StuckInTheEnd {
    public static void main(String[] args) throws InterruptedException {
      Plinth plinth = plinth(TestDatabase.attach(args[0]));
      plinth
          .events()
          .inTransaction(
              BatchCompleted.class,
              (tx, event) -> {
                ForkedJvm.report("ending");
                ForkedJvm.awaitOrder("go on");
              });
      Jobs jobs = runner(plinth);
      new CountDownLatch(1).await();
      jobs.close();
    }
  }

  private BatchId sealed() {
    BatchId batch =
        inspect
            .batch("b")
            .onCompletion(CALLED, new Number(1))
            .onSuccess(CALLED, new Number(2))
            .create();
    inspect.enqueueAll(
        UNIT,
        IntStream.range(0, JOBS).mapToObj(Number::new).toList(),
        JobOptions.defaults().batch(batch));
    inspect.seal(batch);
    return batch;
  }

  private void heirsEnd(BatchId batch, Plinth plinth, TestNodes nodes) {
    try (Jobs one = runner(plinth);
        Jobs two = runner(nodes.start("two").plinth())) {
      await().until(() -> inspect.batch(batch).orElseThrow().isFinished());
      await()
          .until(
              () ->
                  inspect.list(JobFilter.all().type(CALLED), Page.first(9)).stream()
                      .allMatch(job -> job.status() == JobStatus.COMPLETED));
    }
    Batch ended = inspect.batch(batch).orElseThrow();
    assertThat(ended.status()).isEqualTo(Batch.Status.COMPLETED);
    assertThat(ended.completed()).isEqualTo(JOBS);
    assertThat(inspect.list(JobFilter.all().type(CALLED), Page.first(9)))
        .extracting(Job::id)
        .containsExactlyInAnyOrder(ended.callback(), ended.successCallback());
  }

  @Test
  void killedBetweenTheLastCompletionAndTheFold_anotherNodeEndsItOnce(
      Plinth plinth, TestDatabase database, TestNodes nodes) throws Exception {
    BatchId batch = sealed();
    try (Connection holder = database.connect();
        ForkedJvm node = ForkedJvm.start(Node.class, database.url())) {
      // Nobody can fold while this is held; and no job waits for it.
      holder.setAutoCommit(false);
      Sql.query(
          holder,
          "SELECT 1 FROM plinth.batch_job_collections WHERE id = ? FOR UPDATE",
          row -> row.getInt(1),
          batch.value());
      await().until(() -> inspect.batch(batch).orElseThrow().pending() == 0);
      assertThat(node.isAlive()).isTrue();
      node.kill();
      assertThat(inspect.batch(batch).orElseThrow().status()).isEqualTo(Batch.Status.SEALED);
      holder.rollback();
    }
    assertThat(inspect.list(JobFilter.all().type(CALLED), Page.first(9))).isEmpty();

    heirsEnd(batch, plinth, nodes);
  }

  @Test
  void killedInTheTransactionOfTheEnd_anotherNodeEndsItOnce(
      Plinth plinth, TestDatabase database, TestNodes nodes) {
    BatchId batch = sealed();
    try (ForkedJvm node = ForkedJvm.start(StuckInTheEnd.class, database.url())) {
      node.await("ending");
      node.kill();
    }
    assertThat(inspect.batch(batch).orElseThrow().status()).isEqualTo(Batch.Status.SEALED);

    heirsEnd(batch, plinth, nodes);
  }
}
