package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Batches within batches. */
@PlinthTest
class NestedBatchTest {
  private static final JobType<Number> NEGATIVE_FAIL =
      JobType.of("negative-fail", Number.class).withRetryPolicy(RetryPolicy.never());
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
                NEGATIVE_FAIL,
                (args, run) -> {
                  if (args.value() < 0) {
                    throw new IllegalStateException("negative");
                  }
                })
            .handle(CALLED, (args, run) -> called.add(args))
            .workers(8)
            .pollInterval(Duration.ofMillis(30))
            .build();
    runner.start();
    return runner;
  }

  private Batch batch(BatchId id) {
    return jobs.batch(id).orElseThrow();
  }

  private void fill(BatchId batch, int... numbers) {
    jobs.enqueueAll(
        NEGATIVE_FAIL,
        IntStream.of(numbers).mapToObj(Number::new).toList(),
        JobOptions.defaults().batch(batch));
  }

  @Test
  void parentSealed_childStillOpen_endsOnlyAfterIt(Plinth plinth) {
    BatchId parent = jobs.batch("parent").onCompletion(CALLED, "parent").create();
    BatchId child = jobs.batch("child").parent(parent).onCompletion(CALLED, "child").create();
    fill(parent, 1, 2);
    fill(child, 3);
    jobs.seal(parent);
    try (Jobs runner = runner(plinth)) {
      await().until(() -> batch(parent).pending() == 0 && batch(child).pending() == 0);
      // Another batch, sealed later, has been ended by now: the parent was looked at, and left.
      BatchId other = jobs.batch("other").create();
      jobs.seal(other);
      await().until(() -> batch(other).isFinished());
      assertThat(batch(parent).status()).isEqualTo(Batch.Status.SEALED);
      assertThat(batch(parent).batches()).isEqualTo(new Batch.Batches(1, 0, 0, 0));
      assertThat(batch(parent).batches().pending()).isEqualTo(1);

      jobs.seal(child);

      await().until(() -> batch(parent).isFinished());
      await().until(() -> called.size() == 2);
    }
    assertThat(batch(parent).status()).isEqualTo(Batch.Status.COMPLETED);
    assertThat(batch(parent).batches()).isEqualTo(new Batch.Batches(1, 1, 0, 0));
    assertThat(batch(parent).total()).isEqualTo(2);
    assertThat(batch(child).parent()).isEqualTo(parent);
    assertThat(called).containsExactlyInAnyOrder("child", "parent");
    assertThat(batch(parent).callback().value()).isGreaterThan(batch(child).callback().value());
  }

  @Test
  void childFails_parentWithoutFailedJobsFails(Plinth plinth) {
    BatchId parent =
        jobs.batch("parent").onSuccess(CALLED, "well").onFailure(CALLED, "badly").create();
    BatchId child = jobs.batch("child").parent(parent).create();
    fill(parent, 1);
    fill(child, -1, 1);
    jobs.seal(child);
    jobs.seal(parent);
    try (Jobs runner = runner(plinth)) {
      await().until(() -> batch(parent).isFinished() && !called.isEmpty());
    }
    assertThat(batch(parent).status()).isEqualTo(Batch.Status.FAILED);
    assertThat(batch(parent).failed()).isZero();
    assertThat(batch(parent).batches()).isEqualTo(new Batch.Batches(1, 0, 1, 0));
    assertThat(batch(parent).startedAt()).isBeforeOrEqualTo(batch(child).startedAt());
    assertThat(called).containsExactly("badly");
  }

  @Test
  void childCancelled_parentIsCancelled(Plinth plinth) {
    BatchId parent = jobs.batch("parent").create();
    BatchId child = jobs.batch("child").parent(parent).create();
    JobId job = jobs.enqueue(CALLED, "never", JobOptions.defaults().batch(child));
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "DELETE FROM plinth.job_ready;"
                    + " UPDATE plinth.computational_jobs SET status = 'cancelled',"
                    + " completed_at = created_at;"
                    + " INSERT INTO plinth.batch_deltas (batch_id, failed, cancelled)"
                    + " SELECT batch_id, 1, 1 FROM plinth.computational_jobs"));
    jobs.seal(child);
    jobs.seal(parent);
    try (Jobs runner = runner(plinth)) {
      await().until(() -> batch(parent).isFinished());
    }
    assertThat(jobs.list(JobFilter.all().batch(child), Page.first(9)))
        .extracting(Job::id)
        .containsExactly(job);
    assertThat(batch(child).status()).isEqualTo(Batch.Status.CANCELLED);
    assertThat(batch(parent).status()).isEqualTo(Batch.Status.CANCELLED);
    assertThat(batch(parent).batches()).isEqualTo(new Batch.Batches(1, 0, 1, 1));
  }

  @Test
  void trees_ofManyBatchesOnTwoNodes_endOnceFromTheLeavesUp(Plinth plinth, TestNodes nodes) {
    List<BatchCompleted> ends = Collections.synchronizedList(new ArrayList<>());
    Plinth other = nodes.start("other").plinth();
    plinth.events().afterCommit(BatchCompleted.class, ends::add);
    other.events().afterCommit(BatchCompleted.class, ends::add);
    Random random = new Random(9);
    List<BatchId> all = new ArrayList<>();
    try (Jobs one = runner(plinth);
        Jobs two = runner(other)) {
      for (int tree = 0; tree < 5; tree++) {
        List<BatchId> batches = new ArrayList<>();
        batches.add(jobs.batch("root").onCompletion(CALLED, "root").create());
        for (int i = 1; i < 12; i++) {
          BatchId around = batches.get(random.nextInt(batches.size()));
          batches.add(jobs.batch("b" + i).parent(around).onCompletion(CALLED, "b" + i).create());
        }
        for (BatchId batch : batches) {
          fill(batch, IntStream.range(0, random.nextInt(4)).toArray());
        }
        Collections.shuffle(batches, random);
        batches.forEach(jobs::seal);
        all.addAll(batches);
      }
      all.forEach(batch -> await().until(() -> batch(batch).isFinished()));
      await().until(() -> ends.size() >= 60 && called.size() >= 60);
    }
    assertThat(ends).extracting(BatchCompleted::batchId).doesNotHaveDuplicates().hasSize(60);
    assertThat(called).hasSize(60);
    for (BatchId id : all) {
      Batch batch = batch(id);
      assertThat(batch.status()).isEqualTo(Batch.Status.COMPLETED);
      if (batch.parent() != null) {
        Batch around = batch(batch.parent());
        assertThat(around.callback().value()).isGreaterThan(batch.callback().value());
        assertThat(around.completedAt()).isAfterOrEqualTo(batch.completedAt());
      }
    }
  }

  @Test
  void create_insideAClosedOrUnknownBatch_refusedAndNothingWritten(Plinth plinth) {
    BatchId sealed = jobs.batch("sealed").create();
    BatchId open = jobs.batch("within").parent(sealed).create();
    jobs.seal(sealed);
    BatchId unknown = new BatchId(UUID.randomUUID());
    plinth.transact(
        tx -> {
          assertThatThrownBy(() -> jobs.in(tx).batch("late").parent(sealed).create())
              .isInstanceOf(BatchClosedException.class)
              .hasMessageContaining(sealed + " is sealed");
          assertThatThrownBy(() -> jobs.in(tx).batch("lost").parent(unknown).create())
              .isInstanceOf(BatchClosedException.class)
              .hasMessageContaining("does not exist");
        });
    assertThat(jobs.batches(BatchFilter.all(), BatchPage.first(10)))
        .extracting(Batch::id)
        .containsExactly(open, sealed);
  }

  @Test
  void create_beyondTheDepth_refusedAndNothingWritten(Plinth plinth) {
    BatchId innermost = jobs.batch("1").create();
    for (int i = 2; i <= NewBatch.MAX_DEPTH; i++) {
      innermost = jobs.batch("" + i).parent(innermost).create();
    }
    BatchId last = innermost;
    plinth.transact(
        tx ->
            assertThatThrownBy(() -> jobs.in(tx).batch("too deep").parent(last).create())
                .isInstanceOf(BatchDepthException.class)
                .hasMessageContaining(last + " lies within 15 others"));
    assertThat(batch(last).batches().total()).isZero();
  }

  @Test
  void create_inATenantsTransaction_onlyInThatTenantsBatches(Plinth plinth) {
    TxOptions a = TxOptions.defaults().withTenant("a");
    TxOptions b = TxOptions.defaults().withTenant("b");
    BatchId parent = plinth.transactReturning(a, tx -> jobs.in(tx).batch("parent").create());
    plinth.transact(
        b,
        tx ->
            assertThatThrownBy(() -> jobs.in(tx).batch("child").parent(parent).create())
                .hasMessageContaining("does not exist"));
    BatchId child =
        plinth.transactReturning(a, tx -> jobs.in(tx).batch("child").parent(parent).create());
    assertThat(batch(child).tenantId()).isEqualTo("a");
  }

  @Test
  void seal_racingWithCreation_everyChildIsCountedOrRefused(Plinth plinth) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Jobs runner = runner(plinth)) {
      for (int round = 0; round < 10; round++) {
        BatchId parent = jobs.batch("parent").create();
        AtomicInteger made = new AtomicInteger();
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch refused = new CountDownLatch(4);
        for (int thread = 0; thread < 4; thread++) {
          threads.execute(
              () -> {
                try {
                  while (true) {
                    BatchId child = jobs.batch("child").parent(parent).create();
                    made.incrementAndGet();
                    first.countDown();
                    jobs.seal(child);
                  }
                } catch (BatchClosedException e) {
                  refused.countDown();
                }
              });
        }
        assertThat(first.await(60, TimeUnit.SECONDS)).isTrue();
        jobs.seal(parent);
        assertThat(refused.await(60, TimeUnit.SECONDS)).isTrue();
        await().until(() -> batch(parent).isFinished());
        assertThat(batch(parent).batches().completed()).isEqualTo(made.get());
      }
    } finally {
      threads.shutdown();
    }
  }
}
