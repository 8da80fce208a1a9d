package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class GraphTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final JobType<Number> GOOD = JobType.of("good", Number.class);
  private static final JobType<Number> BAD =
      JobType.of("bad", Number.class).withRetryPolicy(RetryPolicy.never());

  private final ConcurrentLinkedQueue<Integer> ran = new ConcurrentLinkedQueue<>();
  private Plinth plinth;
  private Jobs jobs;

  /** Whether jobs of the bad kind go wrong. */
  private volatile boolean badness = true;

  @BeforeEach
  void build(Plinth plinth) {
    this.plinth = plinth;
    jobs = runner();
  }

  @AfterEach
  void invariantsHold() {
    jobs.close();
    assertThat(jobs.check()).isEmpty();
  }

  private Jobs runner() {
    return Jobs.builder(plinth)
        .handle(GOOD, (args, run) -> ran.add(args.value()))
        .handle(
            BAD,
            (args, run) -> {
              if (badness) {
                throw new IllegalStateException("bad");
              }
              ran.add(args.value());
            })
        .workers(4)
        .pollInterval(Duration.ofMillis(100))
        .build();
  }

  private JobStatus status(JobId id) {
    return jobs.find(id).orElseThrow().status();
  }

  private void awaitStatus(JobId id, JobStatus status) {
    await().until(() -> status(id) == status);
  }

  private static JobOptions after(JobId... parents) {
    return JobOptions.defaults().after(parents);
  }

  @Test
  void graph_runsEachJobAfterThoseItWaitsFor() {
    Map<String, JobId> ids =
        jobs.enqueue(
            JobGraph.create()
                .add("last", GOOD, new Number(4))
                .add("left", GOOD, new Number(2))
                .add("right", GOOD, new Number(3))
                .add("first", GOOD, new Number(1))
                .edge("first", "left")
                .edge("first", "right")
                .edge("left", "last")
                .edge("right", "last"));
    assertThat(ids).containsOnlyKeys("first", "left", "right", "last");
    assertThat(status(ids.get("first"))).isEqualTo(JobStatus.READY);
    assertThat(status(ids.get("last"))).isEqualTo(JobStatus.WAITING);
    assertThat(jobs.waitsFor(ids.get("last")))
        .extracting(Dependency::parent)
        .containsExactlyInAnyOrder(ids.get("left"), ids.get("right"));
    assertThat(jobs.waitsFor(ids.get("first"))).isEmpty();
    assertThat(jobs.list(JobFilter.all().status(JobStatus.WAITING), Page.first(10)))
        .extracting(Job::id)
        .containsExactlyInAnyOrder(ids.get("left"), ids.get("right"), ids.get("last"));
    assertThat(jobs.check()).isEmpty();

    jobs.start();

    awaitStatus(ids.get("last"), JobStatus.COMPLETED);
    assertThat(new ArrayList<>(ran).get(0)).isEqualTo(1);
    assertThat(new ArrayList<>(ran).get(3)).isEqualTo(4);
    assertThat(ran).hasSize(4);
    assertThat(count("job_edges")).isZero();
    await().until(() -> count("job_signals") == 0);
  }

  private long count(String table) {
    return plinth.transactReturning(
        tx ->
            Sql.query(
                    tx.connection(), "SELECT count(*) FROM plinth." + table, row -> row.getLong(1))
                .get(0));
  }

  @Test
  void parentFails_childrenAreCancelledAndTheirChildrenToo() {
    BatchId batch = jobs.batch("b").create();
    JobId bad = jobs.enqueue(BAD, new Number(1));
    JobId child = jobs.enqueue(GOOD, new Number(2), after(bad).batch(batch));
    JobId grandchild = jobs.enqueue(GOOD, new Number(3), after(child).batch(batch));
    JobId other = jobs.enqueue(GOOD, new Number(4), after(grandchild));
    jobs.seal(batch);
    jobs.start();

    awaitStatus(other, JobStatus.CANCELLED);
    assertThat(status(child)).isEqualTo(JobStatus.CANCELLED);
    assertThat(status(grandchild)).isEqualTo(JobStatus.CANCELLED);
    assertThat(jobs.find(child).orElseThrow().error()).isEqualTo("Parent " + bad + " failed");
    assertThat(jobs.find(other).orElseThrow().error())
        .isEqualTo("Parent " + grandchild + " was cancelled");
    assertThat(jobs.find(child).orElseThrow().completedAt()).isNotNull();
    await().until(() -> jobs.batch(batch).orElseThrow().isFinished());
    assertThat(jobs.batch(batch).orElseThrow().failed()).isEqualTo(2);
    assertThat(jobs.list(JobFilter.all().status(JobStatus.CANCELLED), Page.first(10)))
        .extracting(Job::id)
        .containsExactly(other, grandchild, child);
    assertThat(ran).isEmpty();
    assertThat(jobs.retry(child)).isFalse();
  }

  @Test
  void parentFails_childThatRunsAllTheSameRuns() {
    JobId bad = jobs.enqueue(BAD, new Number(1));
    JobId good = jobs.enqueue(GOOD, new Number(2));
    JobId child =
        jobs.enqueue(GOOD, new Number(3), after(good).after(OnFailure.RUN, bad).priority(3));
    jobs.start();

    awaitStatus(child, JobStatus.COMPLETED);
    assertThat(status(bad)).isEqualTo(JobStatus.FAILED);
    assertThat(ran).containsExactly(2, 3);
  }

  @Test
  void parentFails_childOnHoldWaitsForItsRetry() {
    JobId bad = jobs.enqueue(BAD, new Number(1));
    JobId held =
        jobs.enqueue(GOOD, new Number(2), JobOptions.defaults().after(OnFailure.HOLD, bad));
    JobId cancelled = jobs.enqueue(GOOD, new Number(3), after(bad));
    jobs.start();
    awaitStatus(cancelled, JobStatus.CANCELLED);
    assertThat(status(held)).isEqualTo(JobStatus.WAITING);
    assertThat(jobs.waitsFor(held)).containsExactly(new Dependency(bad, OnFailure.HOLD));

    badness = false;
    assertThat(jobs.retry(bad)).isTrue();

    awaitStatus(held, JobStatus.COMPLETED);
    assertThat(status(cancelled)).isEqualTo(JobStatus.CANCELLED);
    assertThat(ran).containsExactly(1, 2);
  }

  @Test
  void afterAParentThatHasEnded_isSettledAtOnce() {
    JobId good = jobs.enqueue(GOOD, new Number(1));
    JobId bad = jobs.enqueue(BAD, new Number(2));
    jobs.start();
    awaitStatus(good, JobStatus.COMPLETED);
    awaitStatus(bad, JobStatus.FAILED);
    jobs.close();

    // Nothing is started, so whatever is settled is settled by the enqueueing itself.
    JobId afterGood = jobs.enqueue(GOOD, new Number(3), after(good));
    JobId afterBad =
        jobs.enqueue(GOOD, new Number(4), JobOptions.defaults().after(OnFailure.RUN, bad));
    JobId held =
        jobs.enqueue(GOOD, new Number(5), JobOptions.defaults().after(OnFailure.HOLD, bad));
    JobId cancelled = jobs.enqueue(GOOD, new Number(6), after(good, bad));

    assertThat(status(afterGood)).isEqualTo(JobStatus.READY);
    assertThat(status(afterBad)).isEqualTo(JobStatus.READY);
    assertThat(status(held)).isEqualTo(JobStatus.WAITING);
    assertThat(status(cancelled)).isEqualTo(JobStatus.WAITING);
    try (Jobs again = runner()) {
      again.start();
      awaitStatus(cancelled, JobStatus.CANCELLED);
      assertThat(status(held)).isEqualTo(JobStatus.WAITING);
    }
  }

  @Test
  void delayedChild_waitsForItsTimeToo(SettableClock clock) {
    JobId parent = jobs.enqueue(GOOD, new Number(1));
    JobId child = jobs.enqueue(GOOD, new Number(2), after(parent).delay(Duration.ofHours(1)));
    jobs.start();
    awaitStatus(child, JobStatus.SCHEDULED);

    clock.advance(Duration.ofHours(1));

    awaitStatus(child, JobStatus.COMPLETED);
    assertThat(ran).containsExactly(1, 2);
  }

  @Test
  void parentRetriesAfterAnError_childWaitsForItsEnd() {
    JobType<Number> flaky =
        JobType.of("flaky-parent", Number.class)
            .withRetryPolicy(
                RetryPolicy.defaults().withDelays(Duration.ofMillis(1), Duration.ofMillis(2)));
    try (Jobs own =
        Jobs.builder(plinth)
            .handle(
                flaky,
                (args, run) -> {
                  if (run.attempt() < 3) {
                    throw new IllegalStateException("once more");
                  }
                  ran.add(1);
                })
            .handle(GOOD, (args, run) -> ran.add(args.value()))
            .pollInterval(Duration.ofMillis(50))
            .build()) {
      JobId parent = own.enqueue(flaky, new Number(1));
      JobId child = own.enqueue(GOOD, new Number(2), after(parent));
      own.start();
      awaitStatus(child, JobStatus.COMPLETED);
      assertThat(ran).containsExactly(1, 2);
    }
  }

  /** A completion under an older snapshot than the edge sees no edge, and signals nobody. */
  @Test
  void completionThatCannotSeeTheEdge_isFoundBySweeping() throws Exception {
    CountDownLatch snapshot = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    JobType<Number> slow = JobType.of("slow", Number.class);
    try (Jobs own =
        Jobs.builder(plinth)
            .handle(
                slow,
                (args, run) ->
                    plinth.transact(
                        TxOptions.defaults()
                            .withIsolation(TxOptions.Isolation.REPEATABLE_READ)
                            .withMaxAttempts(1),
                        tx -> {
                          Sql.query(tx.connection(), "SELECT 1", row -> row.getInt(1));
                          snapshot.countDown();
                          goOn.await();
                          run.completeIn(tx);
                        }))
            .handle(GOOD, (args, run) -> ran.add(args.value()))
            .pollInterval(Duration.ofMillis(50))
            .build()) {
      own.start();
      JobId parent = own.enqueue(slow, new Number(1));
      assertThat(snapshot.await(60, TimeUnit.SECONDS)).isTrue();
      JobId child = own.enqueue(GOOD, new Number(2), after(parent));
      await().until(() -> count("job_signals") == 0);
      goOn.countDown();

      awaitStatus(parent, JobStatus.COMPLETED);
      awaitStatus(child, JobStatus.COMPLETED);
    }
  }

  @Test
  void childrenEnqueuedWhileTheirParentsEnd_allRun() throws Exception {
    int rounds = LARGE ? 2_000 : 150;
    jobs.start();
    CyclicBarrier barrier = new CyclicBarrier(2);
    ConcurrentLinkedQueue<JobId> parents = new ConcurrentLinkedQueue<>();
    Thread enders =
        new Thread(
            () -> {
              for (int i = 0; i < rounds; i++) {
                parents.add(jobs.enqueue(GOOD, new Number(i)));
                meet(barrier);
              }
            });
    enders.start();
    List<JobId> children = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      meet(barrier);
      JobId parent = parents.poll();
      children.add(jobs.enqueue(GOOD, new Number(-i), after(parent)));
    }
    enders.join();

    await()
        .untilAsserted(
            () -> assertThat(children).allMatch(id -> status(id) == JobStatus.COMPLETED));
    assertThat(ran).hasSize(2 * rounds);
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void fanIn_childRunsOnceAfterAll() {
    int parents = LARGE ? 10_000 : 500;
    List<JobId> ids =
        jobs.enqueueAll(
            GOOD,
            IntStream.range(0, parents).mapToObj(Number::new).toList(),
            JobOptions.defaults());
    JobId child =
        jobs.enqueue(GOOD, new Number(-1), JobOptions.defaults().after(OnFailure.CANCEL, ids));
    try (Jobs second = runner()) {
      second.start();
      jobs.start();
      await().atMost(Duration.ofMinutes(5)).until(() -> status(child) == JobStatus.COMPLETED);
    }
    List<Integer> order = new ArrayList<>(ran);
    assertThat(order).hasSize(parents + 1);
    assertThat(order.get(parents)).isEqualTo(-1);
  }

  @Test
  void fanOut_everyChildRunsAfterTheParent() {
    int children = LARGE ? 10_000 : 3_000;
    JobId parent = jobs.enqueue(GOOD, new Number(-1));
    jobs.enqueueAll(
        GOOD, IntStream.range(0, children).mapToObj(Number::new).toList(), after(parent));
    jobs.start();

    await().atMost(Duration.ofMinutes(5)).until(() -> ran.size() == children + 1);
    assertThat(ran.peek()).isEqualTo(-1);
    await().until(() -> count("job_signals") == 0);
  }

  @Test
  void longChainOfCancellations_isWorkedOffWithoutWaitingForPolls() {
    int length = LARGE ? 2_000 : 200;
    JobGraph graph = JobGraph.create().add("0", BAD, new Number(0));
    for (int i = 1; i < length; i++) {
      graph.add(String.valueOf(i), GOOD, new Number(i)).edge(String.valueOf(i - 1), "" + i);
    }
    Map<String, JobId> ids = jobs.enqueue(graph);
    // At one link in an hour this would not end.
    try (Jobs patient =
        Jobs.builder(plinth)
            .handle(
                BAD,
                (args, run) -> {
                  throw new IllegalStateException("bad");
                })
            .pollInterval(Duration.ofHours(1))
            .build()) {
      patient.start();
      awaitStatus(ids.get(String.valueOf(length - 1)), JobStatus.CANCELLED);
    }
  }

  @Test
  void graph_mixesKindsOptionsAndJobsOutside() {
    JobId outside = jobs.enqueue(GOOD, new Number(1));
    BatchId batch = jobs.batch("graph").create();
    Map<String, JobId> ids =
        jobs.enqueue(
            JobGraph.create()
                .add("a", GOOD, new Number(2), after(outside).priority(5).definition("w"))
                .add("b", BAD, new Number(3), JobOptions.defaults().batch(batch))
                .add("c", GOOD, new Number(4), JobOptions.defaults().batch(batch))
                .edge("a", "c")
                .edge("b", "c", OnFailure.RUN)
                .edge("a", "c"));
    assertThat(jobs.find(ids.get("a")).orElseThrow().priority()).isEqualTo(5);
    assertThat(jobs.batch(batch).orElseThrow().total()).isEqualTo(2);
    jobs.start();

    awaitStatus(ids.get("c"), JobStatus.COMPLETED);
    assertThat(ran).containsExactly(1, 2, 4);
  }

  @Test
  void graph_rolledBack_isNotThere() {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      jobs.in(tx)
                          .enqueue(
                              JobGraph.create()
                                  .add("a", GOOD, new Number(1))
                                  .add("b", GOOD, new Number(2))
                                  .edge("a", "b"));
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");

    assertThat(jobs.list(JobFilter.all(), Page.first(10))).isEmpty();
    assertThat(count("job_edges")).isZero();
  }

  @Test
  void graph_badInput_isRefusedBeforeAnySql() {
    JobGraph circle =
        JobGraph.create()
            .add("a", GOOD, new Number(1))
            .add("b", GOOD, new Number(2))
            .add("c", GOOD, new Number(3))
            .add("d", GOOD, new Number(4))
            .edge("a", "b")
            .edge("b", "c")
            .edge("c", "d")
            .edge("d", "b");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.enqueue(circle))
        .withMessageMatching(
            "graph must not go round in a circle, but"
                + " (b → c → d → b|c → d → b → c|d → b → c → d) does");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> jobs.enqueue(JobGraph.create().add("a", GOOD, new Number(1)).edge("a", "a")))
        .withMessage("graph must not go round in a circle, but a → a does");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> jobs.enqueue(JobGraph.create().add("a", GOOD, new Number(1)).edge("a", "x")))
        .withMessage("graph has an edge to or from x, but no such job");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> JobGraph.create().add("a", GOOD, new Number(1)).add("a", GOOD, new Number(1)))
        .withMessage("name must be new to the graph, but it has a job a already");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                jobs.enqueue(
                    JobGraph.create()
                        .add("a", GOOD, new Number(1))
                        .add("b", GOOD, new Number(1))
                        .edge("a", "b")
                        .edge("a", "b", OnFailure.HOLD)))
        .withMessage("graph must not have two different edges from a to b");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.enqueue((JobGraph) null))
        .withMessage("graph must not be null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JobOptions.defaults().after((JobId) null))
        .withMessage("parents must not be null");
    assertThat(jobs.enqueue(JobGraph.create())).isEmpty();
    assertThat(jobs.list(JobFilter.all(), Page.first(10))).isEmpty();
  }

  @Test
  void unknownParent_refusedAndTransactionGoesOn() {
    JobId unknown = new JobId(plinth.ids().next());
    plinth.transact(
        tx -> {
          assertThatThrownBy(() -> jobs.in(tx).enqueue(GOOD, new Number(1), after(unknown)))
              .isInstanceOfSatisfying(
                  UnknownJobException.class, e -> assertThat(e.jobId()).isEqualTo(unknown));
          jobs.in(tx).enqueue(GOOD, new Number(2));
        });

    assertThat(jobs.list(JobFilter.all(), Page.first(10))).hasSize(1);
  }

  @Test
  void tenant_doesNotWaitForAnothersJobs() {
    TxOptions acme = TxOptions.defaults().withTenant("acme");
    TxOptions other = TxOptions.defaults().withTenant("other");
    JobId parent = plinth.transactReturning(acme, tx -> jobs.in(tx).enqueue(GOOD, new Number(1)));
    JobId child =
        plinth.transactReturning(
            acme, tx -> jobs.in(tx).enqueue(GOOD, new Number(2), after(parent)));

    plinth.transact(
        other,
        tx -> {
          assertThatThrownBy(() -> jobs.in(tx).enqueue(GOOD, new Number(3), after(parent)))
              .isInstanceOf(UnknownJobException.class);
          assertThat(jobs.in(tx).waitsFor(child)).isEmpty();
          assertThat(jobs.in(tx).list(JobFilter.all().status(JobStatus.WAITING), Page.first(5)))
              .isEmpty();
        });
    plinth.transact(acme, tx -> assertThat(jobs.in(tx).waitsFor(child)).hasSize(1));
    jobs.start();
    awaitStatus(child, JobStatus.COMPLETED);
  }

  @Test
  void check_brokenRows_namesThem(SettableClock clock) {
    JobId parent = jobs.enqueue(GOOD, new Number(1));
    JobId waits = jobs.enqueue(GOOD, new Number(2), after(parent));
    JobId lost = jobs.enqueue(GOOD, new Number(3), after(parent));
    execute("DELETE FROM plinth.job_edges WHERE job_id = '" + waits + "'");
    execute("DELETE FROM plinth.job_waiting WHERE job_id = '" + lost + "'");
    clock.advance(Duration.ofMinutes(2));

    assertThat(jobs.check())
        .extracting(Fault::invariant, Fault::subject)
        .containsExactlyInAnyOrder(
            tuple("not-nowhere", lost.toString()),
            tuple("edges-of-waiting", lost.toString()),
            tuple("waits-for-something", waits.toString()));

    // What has no edge left is put in line by the sweep, and edges without a job are swept away.
    execute(
        "UPDATE plinth.computational_jobs SET status = 'cancelled', completed_at = now() WHERE id ="
            + " '"
            + lost
            + "'");
    jobs.start();
    awaitStatus(waits, JobStatus.COMPLETED);
    await().until(() -> count("job_edges") == 0);
  }

  private void execute(String sql) {
    plinth.transact(tx -> Sql.execute(tx.connection(), sql));
  }
}
