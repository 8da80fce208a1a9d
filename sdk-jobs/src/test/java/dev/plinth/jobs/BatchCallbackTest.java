package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Fact;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is enqueued when a batch ends, and when. */
@PlinthTest
class BatchCallbackTest {
  private static final JobType<Number> ODD_FAIL =
      JobType.of("odd-fail", Number.class).withRetryPolicy(RetryPolicy.never());
  private static final JobType<String> CALLED = JobType.of("called", String.class);

  private final List<String> called = Collections.synchronizedList(new ArrayList<>());
  private Jobs jobs;

  @BeforeEach
  void create(Jobs injected) {
    jobs = injected;
  }

  /** Cancelled jobs are made by hand here, without what their attempts would tell. */
  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check())
        .filteredOn(fault -> !fault.detail().startsWith("status cancelled, attempts"))
        .isEmpty();
  }

  private Jobs runner(Plinth plinth) {
    Jobs runner =
        Jobs.builder(plinth)
            .handle(
                ODD_FAIL,
                (args, run) -> {
                  if (args.value() % 2 == 1) {
                    throw new IllegalStateException("odd");
                  }
                })
            .handle(CALLED, (args, run) -> called.add(args))
            .workers(8)
            .pollInterval(Duration.ofMillis(30))
            .build();
    runner.start();
    return runner;
  }

  private NewBatch withAll(String name) {
    return jobs.batch(name)
        .onCompletion(CALLED, name + " ended")
        .onSuccess(CALLED, name + " succeeded")
        .onFailure(CALLED, name + " failed");
  }

  private Batch batch(BatchId id) {
    return jobs.batch(id).orElseThrow();
  }

  private void fill(BatchId batch, int... numbers) {
    jobs.enqueueAll(
        ODD_FAIL,
        IntStream.of(numbers).mapToObj(Number::new).toList(),
        JobOptions.defaults().batch(batch));
    jobs.seal(batch);
  }

  @Test
  void callbacks_manyBatchesOnThreeNodes_eachThatAppliesIsCalledOnce(
      Plinth plinth, TestNodes nodes) {
    List<BatchId> batches = new ArrayList<>();
    try (Jobs one = runner(plinth);
        Jobs two = runner(nodes.start("two").plinth());
        Jobs three = runner(nodes.start("three").plinth())) {
      for (int i = 0; i < 40; i++) {
        BatchId batch = withAll("b" + i).create();
        fill(batch, i, 2, 4, 6);
        batches.add(batch);
      }
      batches.forEach(batch -> await().until(() -> batch(batch).isFinished()));
      await().until(() -> called.size() >= 80);
    }
    assertThat(called)
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, 40)
                .boxed()
                .flatMap(
                    i ->
                        List.of(
                            "b" + i + " ended", "b" + i + (i % 2 == 0 ? " succeeded" : " failed"))
                            .stream())
                .toList());
    for (int i = 0; i < 40; i++) {
      Batch batch = batch(batches.get(i));
      assertThat(batch.status())
          .isEqualTo(i % 2 == 0 ? Batch.Status.COMPLETED : Batch.Status.FAILED);
      assertThat(batch.callback()).isNotNull();
      assertThat(batch.successCallback() == null).isEqualTo(i % 2 == 1);
      assertThat(batch.failureCallback() == null).isEqualTo(i % 2 == 0);
    }
  }

  @Test
  void callback_withQueueAndPriority_isEnqueuedSo(Plinth plinth) {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    BatchId batch =
        jobs.batch("b")
            .owner(user)
            .onSuccess(NewBatch.Callback.of(CALLED, "x").queue("reports").priority(7))
            .create();
    jobs.seal(batch);

    try (Jobs runner = runner(plinth)) {
      await().until(() -> batch(batch).isFinished());
    }

    Job job = jobs.find(batch(batch).successCallback()).orElseThrow();
    assertThat(job.queue()).isEqualTo("reports");
    assertThat(job.priority()).isEqualTo(7);
    assertThat(job.userId()).isEqualTo(user);
    assertThat(job.batch()).isNull();
    assertThat(job.status()).isEqualTo(JobStatus.READY);
    assertThat(called).isEmpty();
  }

  @Test
  void callback_badOptions_refusedBySayingWhich() {
    NewBatch.Callback<String> callback = NewBatch.Callback.of(CALLED, "x");
    assertThatThrownBy(() -> callback.priority(101))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("priority");
    assertThatThrownBy(() -> callback.queue(" "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("queue");
    assertThatThrownBy(() -> jobs.batch("b").onSuccess(null, "x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("kind");
    assertThatThrownBy(() -> jobs.batch("b").onFailure(CALLED, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("args");
  }

  /** The rows that the cancelling of a job leaves behind. */
  private void cancel(Plinth plinth, JobId job, BatchId batch) {
    plinth.transact(
        tx -> {
          Sql.update(tx.connection(), "DELETE FROM plinth.job_ready WHERE job_id = ?", job.value());
          Sql.update(
              tx.connection(),
              """
              UPDATE plinth.computational_jobs SET status = 'cancelled', completed_at = created_at
              WHERE id = ?
              """,
              job.value());
          Sql.update(
              tx.connection(),
              "INSERT INTO plinth.batch_deltas (batch_id, failed, cancelled) VALUES (?, 1, 1)",
              batch.value());
        });
  }

  @Test
  void end_nothingWorseThanCancelledJobs_isCancelled(Plinth plinth) {
    List<BatchCompleted> events = Collections.synchronizedList(new ArrayList<>());
    plinth.events().afterCommit(BatchCompleted.class, events::add);
    Map<Boolean, BatchId> batches =
        List.of(true, false).stream()
            .collect(Collectors.toMap(b -> b, b -> withAll(b ? "cancelled" : "mixed").create()));
    batches.forEach(
        (onlyCancelled, batch) -> {
          JobId first = jobs.enqueue(ODD_FAIL, new Number(2), JobOptions.defaults().batch(batch));
          cancel(plinth, first, batch);
          assertThat(batch(batch).cancelled()).isEqualTo(1);
          fill(batch, 4, onlyCancelled ? 6 : 5);
        });

    try (Jobs runner = runner(plinth)) {
      batches.values().forEach(batch -> await().until(() -> batch(batch).isFinished()));
      await().until(() -> called.size() >= 4);
      await().until(() -> events.size() >= 2);
    }

    Batch cancelled = batch(batches.get(true));
    assertThat(cancelled.status()).isEqualTo(Batch.Status.CANCELLED);
    assertThat(cancelled.completed()).isEqualTo(2);
    assertThat(cancelled.failed()).isEqualTo(1);
    assertThat(cancelled.cancelled()).isEqualTo(1);
    Batch mixed = batch(batches.get(false));
    assertThat(mixed.status()).isEqualTo(Batch.Status.FAILED);
    assertThat(mixed.failed()).isEqualTo(2);
    assertThat(mixed.cancelled()).isEqualTo(1);
    assertThat(called)
        .containsExactlyInAnyOrder(
            "cancelled ended", "cancelled failed", "mixed ended", "mixed failed");
    assertThat(events)
        .allSatisfy(
            event -> {
              assertThat(event.fact().outcome()).isEqualTo(Fact.Outcome.FAILED);
              assertThat(event.fact().details().text()).contains("\"cancelled\":1");
            });
  }

  @Test
  void userErased_endedBatchesForgetTheirCallbacks(Plinth plinth) {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    BatchId batch = withAll("secret").owner(user).create();
    jobs.seal(batch);
    try (Jobs runner = runner(plinth)) {
      await().until(() -> called.size() == 2);
      await().until(() -> jobs.find(batch(batch).callback()).orElseThrow().completedAt() != null);
    }

    plinth.users().erase(user);

    assertThat(batch(batch).name()).isEqualTo("erased");
    assertThat(batch(batch).callback()).isNotNull();
    assertThat(
            plinth.<String, RuntimeException>transactReturning(
                tx ->
                    Sql.query(
                            tx.connection(),
                            "SELECT b::text FROM plinth.batch_job_collections b",
                            row -> row.getString(1))
                        .get(0)))
        .doesNotContain("secret");
  }

  @Test
  void handlerAddsToItsOwnBatch_behindTheFence_countsThem(Plinth plinth) {
    List<Throwable> refused = Collections.synchronizedList(new ArrayList<>());
    JobType<Number> spread = JobType.of("spread", Number.class);
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(
                spread,
                (args, run) ->
                    plinth.transact(
                        tx -> {
                          run.fence(tx.connection());
                          BatchId own = run.batch().orElseThrow();
                          if (args.value() > 0) {
                            jobs.in(tx)
                                .enqueueAll(
                                    spread,
                                    List.of(
                                        new Number(args.value() - 1), new Number(args.value() - 1)),
                                    JobOptions.defaults().batch(own).parent(run.id()));
                          } else if (args.value() < 0) {
                            try {
                              jobs.in(tx)
                                  .enqueue(spread, new Number(0), JobOptions.defaults().batch(own));
                            } catch (BatchClosedException e) {
                              refused.add(e);
                            }
                          }
                        }))
            .workers(8)
            .pollInterval(Duration.ofMillis(30))
            .build()) {
      BatchId batch = jobs.batch("spreading").create();
      jobs.enqueue(spread, new Number(5), JobOptions.defaults().batch(batch));
      runner.start();
      await().until(() -> batch(batch).completed() == 63);
      jobs.seal(batch);
      await().until(() -> batch(batch).isFinished());
      assertThat(batch(batch).total()).isEqualTo(63);

      BatchId sealed = jobs.batch("sealed").create();
      plinth.transact(
          tx -> {
            jobs.in(tx).enqueue(spread, new Number(-1), JobOptions.defaults().batch(sealed));
            jobs.in(tx).seal(sealed);
          });
      await().until(() -> batch(sealed).isFinished());
      assertThat(refused).hasSize(1);
      assertThat(batch(sealed).total()).isEqualTo(1);
    }
  }
}
