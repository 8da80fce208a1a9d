package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNode;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class CancelTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));

  private final List<JobCancelled> events = Collections.synchronizedList(new ArrayList<>());
  private Jobs jobs;

  @BeforeEach
  void create(Plinth plinth, Jobs injected) {
    jobs = injected;
    plinth.events().afterCommit(JobCancelled.class, events::add);
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private static Jobs runner(Plinth plinth, JobAction<Number> action) {
    Jobs runner =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, action)
            .workers(4)
            // So that nothing but the watchdog can be what is fast.
            .pollInterval(Duration.ofMinutes(10))
            .gracePeriod(Duration.ofSeconds(2))
            .build();
    runner.start();
    return runner;
  }

  private JobStatus status(JobId id) {
    return jobs.find(id).orElseThrow().status();
  }

  private static long count(Plinth plinth, String table) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(), "SELECT count(*) FROM plinth." + table, row -> row.getLong(1))
                .get(0));
  }

  @Test
  void waitingJobs_cancelledAtOnce(Plinth plinth) {
    BatchId batch = jobs.batch("b").create();
    JobOptions options = JobOptions.defaults().batch(batch);
    JobId ready = jobs.enqueue(Kinds.PLAIN, new Number(1), options);
    JobId later = jobs.enqueue(Kinds.PLAIN, new Number(2), options.delay(Duration.ofDays(1)));
    JobId kept = jobs.enqueue(Kinds.PLAIN, new Number(3), options);
    UUID ada = UUID.randomUUID();
    Cancellation cancellation = Cancellation.because("not wanted").by(ada);

    assertThat(jobs.cancel(ready, cancellation)).isEqualTo(CancelResult.CANCELLED);
    assertThat(jobs.cancel(later)).isEqualTo(CancelResult.CANCELLED);

    assertThat(jobs.find(ready))
        .hasValueSatisfying(
            job -> {
              assertThat(job.status()).isEqualTo(JobStatus.CANCELLED);
              assertThat(job.error()).isEqualTo("Cancelled: not wanted");
              assertThat(job.completedAt()).isNotNull();
            });
    assertThat(status(later)).isEqualTo(JobStatus.CANCELLED);
    assertThat(jobs.attempts(ready)).isEmpty();
    assertThat(events)
        .containsExactly(
            new JobCancelled(ready, null, null, "plain", false, cancellation),
            new JobCancelled(later, null, null, "plain", false, Cancellation.unexplained()));
    assertThat(events.get(0).fact().details().text()).contains("not wanted", ada.toString());
    assertThat(jobs.batch(batch).orElseThrow().failed()).isEqualTo(2);
    assertThat(jobs.batch(batch).orElseThrow().pending()).isEqualTo(1);
    assertThat(jobs.list(JobFilter.all().status(JobStatus.CANCELLED), Page.first(10))).hasSize(2);

    assertThat(jobs.cancel(ready)).isEqualTo(CancelResult.NOT_PENDING);
    assertThat(jobs.retry(ready)).isFalse();
    assertThat(jobs.cancel(new JobId(UUID.randomUUID()))).isEqualTo(CancelResult.NOT_PENDING);
    plinth.transact(
        TxOptions.defaults().withTenant("other"),
        tx -> assertThat(jobs.in(tx).cancel(kept)).isEqualTo(CancelResult.NOT_PENDING));
    assertThat(status(kept)).isEqualTo(JobStatus.READY);
  }

  @Test
  void batchWhoseLastJobIsCancelled_ends(Plinth plinth) {
    BatchId batch = jobs.batch("b").create();
    JobId id = jobs.enqueue(Kinds.OTHER, new Number(1), JobOptions.defaults().batch(batch));
    jobs.seal(batch);
    try (Jobs runner = runner(plinth, (args, run) -> {})) {
      assertThat(runner.cancel(id)).isEqualTo(CancelResult.CANCELLED);
      await().until(() -> jobs.batch(batch).orElseThrow().status() == Batch.Status.CANCELLED);
    }
  }

  @Test
  void jobsThatWaitForOthersOrForALimit_areCancelledWhereTheyStand(Plinth plinth) {
    jobs.limits().set(Limit.queue("narrow").maxRunning(0));
    JobId limited = jobs.enqueue(Kinds.OTHER, new Number(1), JobOptions.defaults().queue("narrow"));
    JobId parent = jobs.enqueue(Kinds.OTHER, new Number(2));
    JobId child = jobs.enqueue(Kinds.OTHER, new Number(3), JobOptions.defaults().after(parent));
    JobId grandchild = jobs.enqueue(Kinds.OTHER, new Number(4), JobOptions.defaults().after(child));
    JobId patient =
        jobs.enqueue(Kinds.OTHER, new Number(5), JobOptions.defaults().after(OnFailure.RUN, child));
    assertThat(status(limited)).isEqualTo(JobStatus.LIMITED);
    assertThat(status(child)).isEqualTo(JobStatus.WAITING);

    assertThat(jobs.cancel(limited)).isEqualTo(CancelResult.CANCELLED);
    assertThat(jobs.cancel(child)).isEqualTo(CancelResult.CANCELLED);

    assertThat(status(parent)).isEqualTo(JobStatus.READY);
    try (Jobs runner = runner(plinth, (args, run) -> {})) {
      assertThat(runner).isNotNull();
      await().until(() -> status(grandchild) == JobStatus.CANCELLED);
      await().until(() -> status(patient) == JobStatus.READY);
    }
    assertThat(events)
        .extracting(JobCancelled::jobId)
        .containsExactlyInAnyOrder(limited, child, grandchild);
  }

  @Test
  void uniqueJobCancelledWithItsParent_keyIsFree(Plinth plinth) {
    JobId parent = jobs.enqueue(Kinds.OTHER, new Number(2));
    JobOptions unique = JobOptions.defaults().unique(Unique.byKey("k"));
    JobId child = jobs.enqueue(Kinds.OTHER, new Number(3), unique.after(parent));
    jobs.cancel(parent);
    try (Jobs runner = runner(plinth, (args, run) -> {})) {
      assertThat(runner).isNotNull();
      await().until(() -> status(child) == JobStatus.CANCELLED);
    }
    assertThat(jobs.enqueueOrFind(Kinds.OTHER, new Number(3), unique))
        .isInstanceOf(Enqueued.Fresh.class);
  }

  @Test
  void hostRollsBack_jobIsAsBefore(Plinth plinth, DataSource host) throws SQLException {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    try (Connection connection = host.getConnection()) {
      connection.setAutoCommit(false);
      JobQueue queue = jobs.in(plinth.join(connection));
      assertThat(queue.cancel(id)).isEqualTo(CancelResult.CANCELLED);
      assertThat(queue.find(id).orElseThrow().status()).isEqualTo(JobStatus.CANCELLED);
      connection.rollback();
    }
    assertThat(status(id)).isEqualTo(JobStatus.READY);
    assertThat(events).isEmpty();
  }

  /** A handler that waits until it is interrupted, in the way that a test gives. */
  private void interruptedWhile(Plinth plinth, Plinth canceller, Waiting waiting) throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    BlockingQueue<Boolean> toldSo = new LinkedBlockingQueue<>();
    try (Jobs runner =
        runner(
            plinth,
            (args, run) -> {
              try {
                waiting.await(run, begun);
              } finally {
                toldSo.add(run.isCancelled());
              }
            })) {
      JobId id = runner.enqueue(Kinds.PLAIN, new Number(1));
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

      assertThat(Jobs.create(canceller).cancel(id, Cancellation.because("no more")))
          .isEqualTo(CancelResult.REQUESTED);

      await().until(() -> status(id) == JobStatus.CANCELLED);
      assertThat(toldSo.poll(60, TimeUnit.SECONDS)).isTrue();
      assertThat(jobs.attempts(id))
          .singleElement()
          .satisfies(
              attempt -> {
                assertThat(attempt.outcome()).isEqualTo(Attempt.Outcome.CANCELLED);
                assertThat(attempt.error()).isEqualTo("Cancelled: no more");
                assertThat(attempt.stackTrace()).contains("CancelTest");
              });
      assertThat(jobs.find(id).orElseThrow().error()).isEqualTo("Cancelled: no more");
      await().until(() -> events.size() == 1 || canceller != plinth);
      assertThat(count(plinth, "job_cancels")).isZero();
    }
  }

  private interface Waiting {
    void await(JobRun run, CountDownLatch begun) throws Exception;
  }

  @Test
  void running_asleep_isInterruptedAndSaysSo(Plinth plinth) throws Exception {
    interruptedWhile(
        plinth,
        plinth,
        (run, begun) -> {
          begun.countDown();
          TimeUnit.DAYS.sleep(1);
        });
  }

  @Test
  void running_onAnotherNode_isInterrupted(Plinth plinth, TestNodes nodes) throws Exception {
    TestNode second = nodes.start("second");
    interruptedWhile(
        second.plinth(),
        plinth,
        (run, begun) -> {
          begun.countDown();
          TimeUnit.DAYS.sleep(1);
        });
  }

  @Test
  void running_onAnotherNode_hearsOfItWithinASecond(Plinth plinth, TestNodes nodes)
      throws Exception {
    hearsWithinASecond(plinth, nodes.start("second").plinth());
  }

  @Test
  void running_onAnotherNode_withoutNotifications_hearsOfItWithinASecond(TestNodes nodes)
      throws Exception {
    Plinth first = nodes.add("first", PlinthBuilder::withoutNotifications).plinth();
    Plinth second = nodes.add("second", PlinthBuilder::withoutNotifications).plinth();
    first.start();
    second.start();
    hearsWithinASecond(first, second);
  }

  /** At best: the machine may be busy with something else. */
  private void hearsWithinASecond(Plinth here, Plinth there) throws Exception {
    int attempts = 4;
    CountDownLatch begun = new CountDownLatch(attempts);
    BlockingQueue<Long> heard = new LinkedBlockingQueue<>();
    List<JobId> ids =
        jobs.enqueueAll(
            Kinds.PLAIN,
            IntStream.range(0, attempts).mapToObj(Number::new).toList(),
            JobOptions.defaults());
    long best = Long.MAX_VALUE;
    try (Jobs caller = Jobs.create(here);
        Jobs runner =
            runner(
                there,
                (args, run) -> {
                  begun.countDown();
                  try {
                    TimeUnit.DAYS.sleep(1);
                  } finally {
                    heard.add(run.isCancelled() ? System.nanoTime() : Long.MAX_VALUE);
                  }
                })) {
      assertThat(runner).isNotNull();
      assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
      for (JobId id : ids) {
        long asked = System.nanoTime();
        assertThat(caller.cancel(id)).isEqualTo(CancelResult.REQUESTED);
        Long at = heard.poll(30, TimeUnit.SECONDS);
        assertThat(at).isNotNull();
        best = Math.min(best, at - asked);
        await().until(() -> status(id) == JobStatus.CANCELLED);
      }
    }
    assertThat(Duration.ofNanos(best)).isLessThan(Duration.ofSeconds(1));
  }

  @Test
  void running_waitingForALock_isInterrupted(Plinth plinth) throws Exception {
    ReentrantLock lock = new ReentrantLock();
    lock.lock();
    try {
      interruptedWhile(
          plinth,
          plinth,
          (run, begun) -> {
            begun.countDown();
            lock.lockInterruptibly();
          });
    } finally {
      lock.unlock();
    }
  }

  @Test
  void running_inAStatementBehindTheFence_statementIsCancelled(Plinth plinth) throws Exception {
    interruptedWhile(
        plinth,
        plinth,
        (run, begun) ->
            plinth.transact(
                tx -> {
                  run.fence(tx.connection());
                  begun.countDown();
                  Sql.query(tx.connection(), "SELECT pg_sleep(86400)", row -> true);
                }));
  }

  @Test
  void running_waitingForARowLockBehindTheFence_statementIsCancelled(Plinth plinth, DataSource host)
      throws Exception {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "DROP TABLE IF EXISTS locked; CREATE TABLE locked (id int);"
                    + " INSERT INTO locked VALUES (1)"));
    try (Connection holder = host.getConnection()) {
      holder.setAutoCommit(false);
      Sql.execute(holder, "SELECT * FROM locked FOR UPDATE");
      interruptedWhile(
          plinth,
          plinth,
          (run, begun) ->
              plinth.transact(
                  tx -> {
                    run.fence(tx.connection());
                    begun.countDown();
                    Sql.execute(tx.connection(), "SELECT * FROM locked FOR UPDATE");
                  }));
      holder.rollback();
    }
  }

  @Test
  void handlerReturnsAfterItWasTold_isCancelled_butCompleteInWins(Plinth plinth) {
    CountDownLatch begun = new CountDownLatch(2);
    try (Jobs runner =
        runner(
            plinth,
            (args, run) -> {
              begun.countDown();
              Throwable interrupted = catchThrowable(() -> TimeUnit.DAYS.sleep(1));
              assertThat(interrupted).isInstanceOf(InterruptedException.class);
              if (args.value() == 2) {
                plinth.transact(run::completeIn);
              }
            })) {
      JobId returns = runner.enqueue(Kinds.PLAIN, new Number(1));
      JobId completes = runner.enqueue(Kinds.PLAIN, new Number(2));
      await().until(() -> begun.getCount() == 0);

      assertThat(runner.cancelAll(JobFilter.all(), 10, Cancellation.unexplained())).isEqualTo(2);

      await().until(() -> status(returns) == JobStatus.CANCELLED);
      await().until(() -> status(completes) == JobStatus.COMPLETED);
      // What was asked for is forgotten also where it came too late.
      await().until(() -> count(plinth, "job_cancels") == 0);
    }
    assertThat(events).extracting(JobCancelled::begun).containsExactly(true);
  }

  @Test
  void handlerIgnoresInterrupts_claimIsEnded_andItsWritesAreRefused(Plinth plinth)
      throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    BlockingQueue<Throwable> refused = new LinkedBlockingQueue<>();
    try (Jobs runner =
        runner(
            plinth,
            (args, run) -> {
              begun.countDown();
              awaitUninterruptibly(goOn);
              refused.add(catchThrowable(() -> plinth.transact(tx -> run.fence(tx.connection()))));
              refused.add(catchThrowable(() -> run.progress(1, 1, null)));
              refused.add(catchThrowable(() -> plinth.transact(run::completeIn)));
            })) {
      JobId id = runner.enqueue(Kinds.PLAIN, new Number(1));
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
      runner.cancel(id);

      await().until(() -> status(id) == JobStatus.CANCELLED);
      goOn.countDown();

      for (int i = 0; i < 3; i++) {
        assertThat(refused.poll(60, TimeUnit.SECONDS)).isInstanceOf(LostClaimException.class);
      }
      assertThat(status(id)).isEqualTo(JobStatus.CANCELLED);
      assertThat(jobs.attempts(id).get(0).stackTrace()).contains("awaitUninterruptibly");
    }
  }

  static void awaitUninterruptibly(CountDownLatch latch) {
    while (true) {
      try {
        latch.await();
        return;
      } catch (InterruptedException e) {
        assertThat(e).isNotNull();
      }
    }
  }

  @Test
  void wishForAJobThatMovedOn_isFulfilledBySweeping(Plinth plinth) {
    JobId waits = jobs.enqueue(Kinds.OTHER, new Number(1));
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "INSERT INTO plinth.job_cancels VALUES (?, now(), NULL, 'late'),"
                    + " (gen_random_uuid(), now(), NULL, NULL)",
                waits.value()));

    try (Jobs runner = runner(plinth, (args, run) -> {})) {
      assertThat(runner).isNotNull();
      await().until(() -> status(waits) == JobStatus.CANCELLED);
      await().until(() -> count(plinth, "job_cancels") == 0);
    }
    assertThat(jobs.find(waits).orElseThrow().error()).isEqualTo("Cancelled: late");
  }

  @Test
  void subscriberRefusesACancellation_othersAreSweptAllTheSame(Plinth plinth) {
    JobId bad = jobs.enqueue(Kinds.OTHER, new Number(1));
    JobId good = jobs.enqueue(Kinds.OTHER, new Number(2));
    plinth
        .events()
        .inTransaction(
            JobCancelled.class,
            (tx, event) -> {
              if (event.jobId().equals(bad)) {
                throw new IllegalStateException("refused");
              }
            });
    for (JobId id : List.of(bad, good)) {
      plinth.transact(
          tx ->
              Sql.update(
                  tx.connection(),
                  "INSERT INTO plinth.job_cancels VALUES (?, now(), NULL, NULL)",
                  id.value()));
    }
    try (Jobs runner = runner(plinth, (args, run) -> {})) {
      assertThat(runner).isNotNull();
      await().until(() -> status(good) == JobStatus.CANCELLED);
    }
    assertThat(status(bad)).isEqualTo(JobStatus.READY);
  }

  @Test
  void cancelWhileNodesClaim_everyJobEndsOnceAndCountersAreRight(TestDatabase database)
      throws Exception {
    int total = LARGE ? 20_000 : 2_000;
    AtomicInteger completed = new AtomicInteger();
    List<JobCancelled> cancelled = Collections.synchronizedList(new ArrayList<>());
    BatchId batch = jobs.batch("race").create();
    List<JobId> ids =
        jobs.enqueueAll(
            Kinds.PLAIN,
            IntStream.range(0, total).mapToObj(Number::new).toList(),
            JobOptions.defaults().batch(batch));
    jobs.seal(batch);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Plinth one = database.plinth(database.pool(6)).build();
        Plinth two = database.plinth(database.pool(6)).build();
        Jobs first = racer(one, completed);
        Jobs second = racer(two, completed)) {
      one.events().afterCommit(JobCancelled.class, cancelled::add);
      two.events().afterCommit(JobCancelled.class, cancelled::add);
      first.start();
      second.start();
      List<JobId> shuffled = new ArrayList<>(ids);
      Collections.shuffle(shuffled, new Random(20261129));
      List<Future<?>> cancellers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Jobs by = i % 2 == 0 ? first : second;
        List<JobId> mine = shuffled.subList(i * total / 8, (i + 1) * total / 8);
        cancellers.add(threads.submit(() -> mine.forEach(by::cancel)));
      }
      for (Future<?> canceller : cancellers) {
        canceller.get(300, TimeUnit.SECONDS);
      }
      await()
          .atMost(Duration.ofSeconds(300))
          .until(() -> jobs.batch(batch).orElseThrow().isFinished());
      Batch ended = jobs.batch(batch).orElseThrow();
      assertThat(ended.completed() + ended.failed()).isEqualTo(total);
      await().until(() -> cancelled.size() >= ended.failed());
      assertThat(cancelled).hasSize((int) ended.failed());
      assertThat(cancelled).extracting(JobCancelled::jobId).doesNotHaveDuplicates();
      // Some were cancelled, and some were faster: else this was no race.
      assertThat(ended.failed()).isPositive();
      assertThat(ended.completed()).isPositive();
      // At least once: a handler that has returned may have been told before it did.
      assertThat(completed.get()).isGreaterThanOrEqualTo((int) ended.completed());
      await().until(() -> count(one, "job_cancels") == 0);
      assertThat(count(one, "job_leases") + count(one, "job_ready")).isZero();
    } finally {
      threads.shutdownNow();
    }
  }

  private static Jobs racer(Plinth plinth, AtomicInteger completed) {
    return Jobs.builder(plinth)
        .handle(
            Kinds.PLAIN,
            (args, run) -> {
              if (args.value() % 3 == 0) {
                plinth.transact(run::completeIn);
              }
              completed.incrementAndGet();
            })
        .workers(8)
        .pollInterval(Duration.ofMillis(50))
        .build();
  }

  @Test
  void cancelAll_ofAFilter_inChunks(Plinth plinth) {
    jobs.enqueueAll(
        Kinds.PLAIN,
        IntStream.range(0, 450).mapToObj(Number::new).toList(),
        JobOptions.defaults().subject("these"));
    JobId other = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobFilter these = JobFilter.all().subject("these");

    assertThat(jobs.cancelAll(these, 10, Cancellation.unexplained())).isEqualTo(10);
    plinth.transact(
        tx ->
            assertThat(
                    jobs.in(tx)
                        .cancelAll(
                            these.status(JobStatus.READY), 1_000, Cancellation.because("all")))
                .isEqualTo(440));
    assertThat(jobs.cancelAll(these, 1_000, Cancellation.unexplained())).isZero();

    assertThat(status(other)).isEqualTo(JobStatus.READY);
    assertThat(jobs.list(these.status(JobStatus.CANCELLED), Page.first(1_000))).hasSize(450);
  }

  @Test
  void retryAll_revivesFailedOnesButThoseOfEndedBatches(Plinth plinth) {
    JobType<Number> hopeless = JobType.of("hopeless", Number.class);
    BatchId batch = jobs.batch("b").create();
    jobs.enqueueAll(
        hopeless, IntStream.range(0, 300).mapToObj(Number::new).toList(), JobOptions.defaults());
    jobs.enqueue(hopeless, new Number(0), JobOptions.defaults().batch(batch));
    jobs.seal(batch);
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(
                hopeless,
                (args, run) -> {
                  throw run.discard("hopeless");
                })
            .pollInterval(Duration.ofMillis(50))
            .build()) {
      runner.start();
      await()
          .until(
              () ->
                  jobs.list(JobFilter.all().status(JobStatus.FAILED), Page.first(1_000)).size()
                      == 301);
      await().until(() -> jobs.batch(batch).orElseThrow().isFinished());
    }

    assertThat(jobs.retryAll(JobFilter.all().type(hopeless), 100)).isEqualTo(100);
    assertThat(jobs.retryAll(JobFilter.all().type(hopeless), 1_000)).isEqualTo(200);
    assertThat(jobs.retryAll(JobFilter.all(), 1_000)).isZero();

    assertThat(jobs.list(JobFilter.all().status(JobStatus.READY), Page.first(1_000))).hasSize(300);
  }

  @Test
  void badInput_namesTheArgument() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.cancel(null))
        .withMessage("id must not be null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cancellation.because(""))
        .withMessage("reason must not be blank");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.cancelAll(JobFilter.all(), 0, Cancellation.unexplained()))
        .withMessageStartingWith("max must be");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                jobs.cancelAll(
                    JobFilter.all().status(JobStatus.FAILED), 1, Cancellation.unexplained()))
        .withMessageStartingWith("filter must have");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.retryAll(JobFilter.all().status(JobStatus.READY), 1))
        .withMessageStartingWith("filter must have");
  }
}
