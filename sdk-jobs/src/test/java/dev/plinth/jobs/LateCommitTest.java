package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Transactions begin in one order and commit in another. A claim that remembers where its lanes
 * begin must not pass over what was enqueued early and is committed late.
 */
@Tag("proof")
@PlinthTest
class LateCommitTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int TRAFFIC = LARGE ? 3_000 : 300;

  private Plinth plinth;
  private Jobs inspect;
  private TestDatabase database;
  private Jobs runner;
  private long expected;

  @BeforeEach
  void start(Plinth plinth, Jobs injected, TestDatabase database) {
    this.plinth = plinth;
    this.inspect = injected;
    this.database = database;
    Effects.create(plinth);
    runner = Effects.handled(plinth).workers(4).build();
    runner.start();
  }

  @AfterEach
  void everythingRanOnce() {
    await().until(() -> Effects.pending(plinth) == 0);
    runner.close();
    Effects.areRight(plinth, inspect, expected);
  }

  /** A transaction of the host's, open for as long as the test wants. */
  private final class Host implements AutoCloseable {
    private final Connection connection;

    Host() throws SQLException {
      connection = database.connect();
      connection.setAutoCommit(false);
    }

    /** Makes it a writing one, which has its place among the transactions from now on. */
    Host begun() {
      Sql.query(connection, "SELECT pg_current_xact_id()::text", row -> row.getString(1));
      return this;
    }

    List<JobId> enqueue(JobType<Number> type, int count, JobOptions options) {
      return new ArrayList<>(
          inspect.in(plinth.join(connection)).enqueueAll(type, Effects.numbers(count), options));
    }

    void commit(int enqueued) throws SQLException {
      connection.commit();
      expected += enqueued;
    }

    @Override
    public void close() throws SQLException {
      connection.rollback();
      connection.close();
    }
  }

  /** So much is enqueued and run that every mark has moved on. */
  private void traffic() {
    int each = TRAFFIC / 3;
    for (JobType<Number> type : List.of(Effects.EXACT, Effects.FENCED, Effects.SECOND)) {
      inspect.enqueueAll(type, Effects.numbers(each), JobOptions.defaults());
      expected += each;
    }
    awaitEnded();
    // Again, a little later: looks are made now and then.
    for (int i = 0; i < 30; i++) {
      inspect.enqueue(Effects.EXACT, new Number(i));
      expected++;
      awaitEnded();
    }
  }

  private void awaitEnded() {
    await().pollInterval(Duration.ofMillis(10)).until(() -> Effects.pending(plinth) == 0);
  }

  private void awaitCompleted(List<JobId> ids) {
    await()
        .until(
            () ->
                ids.stream()
                    .allMatch(
                        id -> inspect.find(id).orElseThrow().status() == JobStatus.COMPLETED));
  }

  @Test
  void enqueuedEarly_committedLate_runs() throws Exception {
    try (Host late = new Host()) {
      List<JobId> ids = late.enqueue(Effects.EXACT, 5, JobOptions.defaults());
      traffic();
      late.commit(5);
      awaitCompleted(ids);
    }
  }

  @Test
  void begunEarly_enqueuedAndCommittedLate_runs() throws Exception {
    try (Host late = new Host().begun()) {
      traffic();
      List<JobId> ids = late.enqueue(Effects.SECOND, 5, JobOptions.defaults());
      traffic();
      late.commit(5);
      awaitCompleted(ids);
    }
  }

  @Test
  void manyAtOnce_commitInAnotherOrder_allRun() throws Exception {
    Random random = new Random(20261129);
    Deque<Host> hosts = new ArrayDeque<>();
    List<JobId> committed = new ArrayList<>();
    List<JobId> rolledBack = new ArrayList<>();
    try {
      List<List<JobId>> ids = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        Host host = new Host();
        hosts.add(host);
        ids.add(
            host.enqueue(
                i % 2 == 0 ? Effects.EXACT : Effects.SECOND,
                1 + random.nextInt(3),
                JobOptions.defaults().priority(random.nextInt(5) * 10 - 20)));
        if (i % 8 == 7) {
          traffic();
        }
      }
      List<Host> order = new ArrayList<>(hosts);
      List<Integer> places = new ArrayList<>();
      for (int i = 0; i < order.size(); i++) {
        places.add(i);
      }
      Collections.shuffle(places, random);
      for (int place : places) {
        if (random.nextInt(4) == 0) {
          order.get(place).connection.rollback();
          rolledBack.addAll(ids.get(place));
        } else {
          order.get(place).commit(ids.get(place).size());
          committed.addAll(ids.get(place));
        }
        if (random.nextInt(6) == 0) {
          traffic();
        }
      }
      awaitCompleted(committed);
      assertThat(rolledBack).isNotEmpty().allMatch(id -> inspect.find(id).isEmpty());
    } finally {
      for (Host host : hosts) {
        host.close();
      }
    }
  }

  @Test
  void writerOpenAllTheTime_keepsNothingFromRunning() throws Exception {
    try (Host open = new Host().begun()) {
      for (int i = 0; i < 3; i++) {
        traffic();
      }
      open.commit(0);
    }
  }

  @Test
  void savepoints_whatIsReleasedRuns_whatIsRolledBackIsGone() throws Exception {
    try (Host late = new Host()) {
      List<JobId> ids = new ArrayList<>();
      Savepoint first = late.connection.setSavepoint();
      ids.addAll(late.enqueue(Effects.EXACT, 2, JobOptions.defaults()));
      late.connection.releaseSavepoint(first);
      traffic();
      Savepoint second = late.connection.setSavepoint();
      List<JobId> gone = late.enqueue(Effects.EXACT, 2, JobOptions.defaults());
      Savepoint nested = late.connection.setSavepoint();
      gone.addAll(late.enqueue(Effects.EXACT, 2, JobOptions.defaults().priority(9)));
      late.connection.releaseSavepoint(nested);
      late.connection.rollback(second);
      traffic();
      ids.addAll(late.enqueue(Effects.SECOND, 2, JobOptions.defaults().priority(-7)));
      late.commit(4);
      awaitCompleted(ids);
      assertThat(gone).hasSize(4).allMatch(id -> inspect.find(id).isEmpty());
    }
  }

  @Test
  void prioritySeenForTheFirstTime_committedLate_runs() throws Exception {
    try (Host late = new Host()) {
      List<JobId> ids = late.enqueue(Effects.EXACT, 3, JobOptions.defaults().priority(77));
      ids.addAll(late.enqueue(Effects.EXACT, 3, JobOptions.defaults().priority(-77)));
      traffic();
      late.commit(6);
      awaitCompleted(ids);
    }
  }

  @Test
  void delayedEarly_committedLate_runs() throws Exception {
    try (Host late = new Host()) {
      List<JobId> ids =
          late.enqueue(Effects.EXACT, 3, JobOptions.defaults().delay(Duration.ofMillis(1)));
      for (int i = 0; i < 20; i++) {
        inspect.enqueue(
            Effects.EXACT, new Number(i), JobOptions.defaults().delay(Duration.ofMillis(2)));
        expected++;
      }
      traffic();
      late.commit(3);
      awaitCompleted(ids);
    }
  }

  @Test
  void otherTypesAtTheHead_delayNothing_andRunOnceSomebodyHandlesThem(TestNodes nodes)
      throws Exception {
    JobType<Number> unknown = JobType.of("unknown", Number.class);
    int strangers = TRAFFIC;
    try (Host late = new Host()) {
      List<JobId> lateOnes = late.enqueue(unknown, 5, JobOptions.defaults());
      List<JobId> others =
          inspect.enqueueAll(unknown, Effects.numbers(strangers), JobOptions.defaults());
      List<JobId> known = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        known.addAll(inspect.enqueueAll(Effects.EXACT, Effects.numbers(2), JobOptions.defaults()));
      }
      awaitCompleted(known);
      late.commit(5);
      lateOnes.addAll(late.enqueue(Effects.EXACT, 1, JobOptions.defaults()));
      late.commit(1);
      Plinth second = nodes.start("second").plinth();
      try (Jobs handles =
          Jobs.builder(second)
              .handle(unknown, (args, run) -> Effects.exactly(second, run))
              .pollInterval(Duration.ofMillis(20))
              .build()) {
        handles.start();
        awaitCompleted(lateOnes);
        expected += strangers + known.size();
        awaitEnded();
        assertThat(others)
            .allMatch(id -> inspect.find(id).orElseThrow().status() == JobStatus.COMPLETED);
      }
    }
  }

  @Test
  void batchWhoseCountsCommitLate_endsAndCallsBackOnce() throws Exception {
    CountDownLatch inTransaction = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    JobType<Number> slow = JobType.of("slow", Number.class).withQueue("slow");
    try (Jobs slows =
        Jobs.builder(plinth)
            .handle(
                slow,
                (args, run) ->
                    plinth.transact(
                        tx -> {
                          Sql.update(
                              tx.connection(),
                              "INSERT INTO effects VALUES (?, ?)",
                              run.id().value(),
                              run.epoch());
                          run.completeIn(tx);
                          inTransaction.countDown();
                          goOn.await();
                        }))
            .pollInterval(Duration.ofMillis(20))
            .build()) {
      slows.start();
      BatchId batch = inspect.batch("late").onCompletion(Effects.EXACT, new Number(0)).create();
      JobOptions options = JobOptions.defaults().batch(batch);
      inspect.enqueue(slow, new Number(1), options);
      inspect.enqueueAll(Effects.EXACT, Effects.numbers(20), options);
      inspect.seal(batch);
      expected += 22;
      assertThat(inTransaction.await(60, TimeUnit.SECONDS)).isTrue();
      // Others' counts are appended, folded and gone meanwhile.
      for (int i = 0; i < 10; i++) {
        BatchId other = inspect.batch("other").create();
        inspect.enqueueAll(Effects.EXACT, Effects.numbers(20), JobOptions.defaults().batch(other));
        inspect.seal(other);
        expected += 20;
        await().until(() -> inspect.batch(other).orElseThrow().isFinished());
      }
      assertThat(inspect.batch(batch).orElseThrow().pending()).isEqualTo(1);
      goOn.countDown();
      await().until(() -> inspect.batch(batch).orElseThrow().isFinished());
      assertThat(inspect.batch(batch).orElseThrow().completed()).isEqualTo(21);
    }
  }

  @Test
  void newPriority_whileALongLowerLineWaits_isServedBefore() throws Exception {
    AtomicInteger low = new AtomicInteger();
    CountDownLatch urgentRan = new CountDownLatch(1);
    Semaphore pace = new Semaphore(0);
    JobType<Number> paced = JobType.of("paced", Number.class).withQueue("paced");
    JobType<Number> urgent = JobType.of("urgent", Number.class).withQueue("paced");
    int line = 600;
    try (Jobs pacing =
        Jobs.builder(plinth)
            .handle(
                paced,
                (args, run) -> {
                  pace.acquire();
                  Effects.exactly(plinth, run);
                  low.incrementAndGet();
                })
            .handle(
                urgent,
                (args, run) -> {
                  Effects.exactly(plinth, run);
                  urgentRan.countDown();
                })
            .workers(2)
            .pollInterval(Duration.ofMillis(20))
            .build()) {
      inspect.enqueueAll(paced, Effects.numbers(line), JobOptions.defaults());
      expected += line + 1;
      pacing.start();
      pace.release(20);
      await().until(() -> low.get() == 20);
      inspect.enqueue(urgent, new Number(1), JobOptions.defaults().priority(50));
      // One after another, so that no claim takes many ahead.
      while (urgentRan.getCount() > 0 && low.get() < line) {
        int before = low.get();
        pace.release();
        await()
            .pollInterval(Duration.ofMillis(2))
            .until(() -> low.get() > before || urgentRan.getCount() == 0);
      }
      assertThat(low.get()).as("lower jobs that ran before the urgent one").isLessThan(line);
      pace.release(line);
      awaitEnded();
    }
  }

  @Test
  void anotherDispatcher_knowsNothingAndMissesNothing(TestNodes nodes) throws Exception {
    try (Host late = new Host()) {
      List<JobId> ids = late.enqueue(Effects.EXACT, 5, JobOptions.defaults().priority(3));
      traffic();
      runner.close();
      Plinth second = nodes.start("second").plinth();
      try (Jobs fresh = Effects.handled(second).build()) {
        fresh.start();
        traffic();
        late.commit(5);
        awaitCompleted(ids);
      }
    }
  }

  @Test
  void twoNodes_lateCommitsFromManyThreads_allRunOnce(TestNodes nodes) throws Exception {
    Plinth second = nodes.start("second").plinth();
    int threads = 4;
    int rounds = LARGE ? 400 : 40;
    List<Thread> hosts = new ArrayList<>();
    AtomicInteger enqueued = new AtomicInteger();
    try (Jobs also = Effects.handled(second).workers(4).build()) {
      also.start();
      for (int t = 0; t < threads; t++) {
        Random random = new Random(t);
        Thread host =
            new Thread(
                () -> {
                  try (Host late = new Host()) {
                    for (int i = 0; i < rounds; i++) {
                      int count = 1 + random.nextInt(4);
                      late.enqueue(
                          random.nextBoolean() ? Effects.EXACT : Effects.SECOND,
                          count,
                          JobOptions.defaults().priority(random.nextInt(3)));
                      if (random.nextInt(3) > 0) {
                        Sql.query(
                            late.connection,
                            "SELECT pg_sleep(?::float8)",
                            row -> 0,
                            String.valueOf(random.nextInt(200) / 1000.0));
                      }
                      if (random.nextInt(5) == 0) {
                        late.connection.rollback();
                      } else {
                        late.connection.commit();
                        enqueued.addAndGet(count);
                      }
                    }
                  } catch (SQLException e) {
                    throw new IllegalStateException(e);
                  }
                });
        hosts.add(host);
        host.start();
      }
      for (Thread host : hosts) {
        host.join();
      }
      expected += enqueued.get();
      awaitEnded();
      assertThat(enqueued.get()).isPositive();
    }
  }
}
