package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNode;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class BatchTest {
  private static final JobType<Number> SOME_FAIL =
      JobType.of("some-fail", Number.class).withRetryPolicy(RetryPolicy.never());
  private static final JobType<Number> CALLBACK = JobType.of("callback", Number.class);

  private final AtomicInteger callbacks = new AtomicInteger();
  private final List<BatchCompleted> events = Collections.synchronizedList(new ArrayList<>());
  private Jobs jobs;

  @BeforeEach
  void create(Jobs injected) {
    jobs = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private Jobs runner(Plinth plinth) {
    plinth.events().afterCommit(BatchCompleted.class, events::add);
    Jobs runner =
        Jobs.builder(plinth)
            .handle(
                SOME_FAIL,
                (args, run) -> {
                  if (args.value() % 10 == 0) {
                    throw new IllegalStateException("every tenth");
                  }
                })
            .handle(CALLBACK, (args, run) -> callbacks.addAndGet(args.value()))
            .workers(8)
            .pollInterval(Duration.ofMillis(50))
            .build();
    runner.start();
    return runner;
  }

  private static List<Number> numbers(int from, int to) {
    return IntStream.range(from, to).mapToObj(Number::new).toList();
  }

  @Test
  void batch_twoNodesRunIt_countsExactlyAndCallsBackOnce(Plinth plinth, TestNodes nodes) {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    BatchId batch = jobs.batch("import").owner(user).onCompletion(CALLBACK, new Number(1)).create();
    TestNode other = nodes.start("other");
    try (Jobs one = runner(plinth);
        Jobs two = runner(other.plinth())) {
      for (int i = 0; i < 1_000; i += 100) {
        jobs.enqueueAll(SOME_FAIL, numbers(i, i + 100), JobOptions.defaults().batch(batch));
      }
      await().atMost(Duration.ofSeconds(60)).until(() -> batch(batch).pending() == 0);
      assertThat(batch(batch).status()).isEqualTo(Batch.Status.OPEN);

      assertThat(jobs.seal(batch)).isTrue();

      await().until(() -> batch(batch).isFinished());
      await().until(() -> callbacks.get() > 0);
    }
    Batch ended = batch(batch);
    assertThat(ended.status()).isEqualTo(Batch.Status.FAILED);
    assertThat(ended.total()).isEqualTo(1_000);
    assertThat(ended.completed()).isEqualTo(900);
    assertThat(ended.failed()).isEqualTo(100);
    assertThat(ended.startedAt()).isNotNull();
    assertThat(jobs.find(ended.callback()).orElseThrow().userId()).isEqualTo(user);
    assertThat(callbacks).hasValue(1);
  }

  @Test
  void batch_sealedWhileItsJobsEnd_endsOnce(Plinth plinth) {
    try (Jobs runner = runner(plinth)) {
      List<BatchId> batches = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        BatchId batch = jobs.batch("b").onCompletion(CALLBACK, new Number(1)).create();
        jobs.enqueueAll(SOME_FAIL, numbers(1, 9), JobOptions.defaults().batch(batch));
        jobs.seal(batch);
        batches.add(batch);
      }
      await().atMost(Duration.ofSeconds(30)).until(() -> callbacks.get() >= 30);
      assertThat(batches)
          .allSatisfy(batch -> assertThat(batch(batch).status()).isEqualTo(Batch.Status.COMPLETED));
      await().until(() -> events.size() >= 30);
    }
    assertThat(callbacks).hasValue(30);
    assertThat(events).extracting(BatchCompleted::batchId).doesNotHaveDuplicates().hasSize(30);
  }

  @Test
  void seal_emptyBatch_ends(Plinth plinth) {
    BatchId batch = jobs.batch("empty").onCompletion(CALLBACK, new Number(1)).create();

    jobs.seal(batch);

    try (Jobs runner = runner(plinth)) {
      await().until(() -> batch(batch).isFinished());
    }
    assertThat(batch(batch).status()).isEqualTo(Batch.Status.COMPLETED);
    assertThat(jobs.find(batch(batch).callback()).orElseThrow().type()).isEqualTo("callback");
    assertThat(jobs.seal(batch)).isTrue();
    assertThat(jobs.seal(new BatchId(UUID.randomUUID()))).isFalse();
  }

  @Test
  void enqueue_intoSealedBatch_refusedAndNothingWritten(Plinth plinth) {
    BatchId sealed = jobs.batch("sealed").create();
    jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().batch(sealed));
    jobs.seal(sealed);
    BatchId ended = jobs.batch("ended").create();
    jobs.seal(ended);
    try (Jobs runner = runner(plinth)) {
      await().until(() -> batch(ended).isFinished());
    }

    plinth.transact(
        tx -> {
          assertThatThrownBy(
                  () ->
                      jobs.in(tx)
                          .enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().batch(sealed)))
              .isInstanceOf(BatchClosedException.class)
              .hasMessageContaining(sealed + " is sealed, so it takes no jobs");
          assertThatThrownBy(
                  () ->
                      jobs.in(tx)
                          .enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().batch(ended)))
              .isInstanceOf(BatchClosedException.class)
              .hasMessageContaining("has ended (completed)");
          assertThatThrownBy(
                  () ->
                      jobs.in(tx)
                          .enqueue(
                              Kinds.PLAIN,
                              new Number(2),
                              JobOptions.defaults().batch(new BatchId(UUID.randomUUID()))))
              .hasMessageContaining("does not exist");
        });
    assertThat(batch(sealed).total()).isEqualTo(1);
  }

  @Test
  void fold_processDiedAfterTheLastCompletion_endsTheBatchOnce(Plinth plinth, TestNodes nodes) {
    BatchId batch = jobs.batch("b").onCompletion(CALLBACK, new Number(1)).create();
    JobId id = jobs.enqueue(SOME_FAIL, new Number(1), JobOptions.defaults().batch(batch));
    jobs.seal(batch);
    // What is left when a process dies between the completion and the fold: the completion's rows.
    plinth.transact(
        tx -> {
          Sql.update(tx.connection(), "DELETE FROM plinth.job_ready WHERE job_id = ?", id.value());
          Sql.update(
              tx.connection(),
              """
              UPDATE plinth.computational_jobs
              SET status = 'completed', completed_at = created_at, started_at = created_at
              WHERE id = ?
              """,
              id.value());
          Sql.update(
              tx.connection(),
              """
              INSERT INTO plinth.job_attempts
                (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome)
              SELECT id, 1, 1, id, created_at, created_at, 'completed'
              FROM plinth.computational_jobs WHERE id = ?
              """,
              id.value());
          Sql.update(
              tx.connection(),
              "INSERT INTO plinth.batch_deltas (batch_id, completed) VALUES (?, 1)",
              batch.value());
        });
    assertThat(batch(batch).status()).isEqualTo(Batch.Status.SEALED);
    assertThat(batch(batch).completed()).isEqualTo(1);

    try (Jobs one = runner(plinth);
        Jobs two = runner(nodes.start("two").plinth());
        Jobs three = runner(nodes.start("three").plinth())) {
      await().until(() -> callbacks.get() > 0);
      await().until(() -> jobs.list(JobFilter.all().type(CALLBACK), Page.first(9)).size() == 1);
    }

    assertThat(callbacks).hasValue(1);
    assertThat(events).hasSize(1);
  }

  private Batch batch(BatchId id) {
    return jobs.batch(id).orElseThrow();
  }
}
