package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits on how many jobs run at a time, on three nodes. */
@PlinthTest
class LimitsTest {
  private static final JobType<Number> SAME_TYPE_ELSEWHERE =
      JobType.of("plain", Number.class).withQueue("elsewhere");

  private final AtWork work = new AtWork();
  private final List<Jobs> running = new ArrayList<>();
  private Plinth plinth;
  private Jobs jobs;

  @BeforeEach
  void inject(Plinth plinth, Jobs jobs) {
    this.plinth = plinth;
    this.jobs = jobs;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
    running.forEach(Jobs::close);
  }

  private void startNodes(TestNodes nodes, int count, Consumer<JobsBuilder> handlers) {
    for (int i = 0; i < count; i++) {
      JobsBuilder builder =
          Jobs.builder(nodes.start("node-" + i).plinth())
              .workers(8)
              .pollInterval(Duration.ofMillis(50));
      handlers.accept(builder);
      Jobs node = builder.build();
      running.add(node);
      node.start();
    }
  }

  private List<JobId> enqueue(JobKind<Number> kind, int count, JobOptions options) {
    return jobs.enqueueAll(kind, IntStream.range(0, count).mapToObj(Number::new).toList(), options);
  }

  private long pending() {
    return AtWork.number(
        plinth, "SELECT count(*) FROM plinth.computational_jobs WHERE status = 'pending'");
  }

  private void awaitAllEnded() {
    await().untilAsserted(() -> assertThat(pending()).isZero());
  }

  private void awaitSettled() {
    await()
        .untilAsserted(
            () ->
                assertThat(
                        AtWork.number(
                            plinth,
                            "SELECT count(*) FROM plinth.job_limits WHERE stage <> 'settled'"))
                    .isZero());
  }

  /** It stays so, though there are workers and turns at the gate. */
  private static void staysSo(Runnable assertion) {
    await().during(Duration.ofMillis(500)).untilAsserted(assertion::run);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 10})
  void queueLimit_isUsedUpAndNeverExceeded(int limit, TestNodes nodes) {
    CountDownLatch goOn = new CountDownLatch(1);
    jobs.limits().set(Limit.queue("default").maxRunning(limit));
    startNodes(nodes, 3, b -> b.handle(Kinds.PLAIN, work.until(goOn, "default")));
    enqueue(Kinds.PLAIN, 60, JobOptions.defaults());

    await().until(() -> work.now("default") == limit);
    staysSo(() -> assertThat(work.now("default")).isEqualTo(limit));
    assertThat(jobs.check()).isEmpty();
    goOn.countDown();
    awaitAllEnded();

    assertThat(work.most("default")).isEqualTo(limit);
  }

  @Test
  void typeLimit_holdsAcrossQueues(TestNodes nodes) {
    CountDownLatch goOn = new CountDownLatch(1);
    jobs.limits().set(Limit.type(Kinds.PLAIN).maxRunning(3));
    startNodes(
        nodes,
        2,
        b ->
            b.queue("default")
                .queue("elsewhere")
                .queue("other")
                .handle(Kinds.PLAIN, work.until(goOn, "plain"))
                .handle(Kinds.OTHER, work.until(goOn, "other")));
    enqueue(Kinds.PLAIN, 10, JobOptions.defaults());
    enqueue(SAME_TYPE_ELSEWHERE, 10, JobOptions.defaults());
    enqueue(Kinds.OTHER, 5, JobOptions.defaults());

    await().until(() -> work.now("plain") == 3 && work.now("other") == 5);
    staysSo(() -> assertThat(work.now("plain")).isEqualTo(3));
    goOn.countDown();
    awaitAllEnded();

    assertThat(work.most("plain")).isEqualTo(3);
  }

  @Test
  void globalLimit_countsEverything(TestNodes nodes) {
    CountDownLatch goOn = new CountDownLatch(1);
    jobs.limits().set(Limit.global().maxRunning(4));
    startNodes(
        nodes,
        3,
        b ->
            b.handle(Kinds.PLAIN, work.until(goOn, "any"))
                .handle(Kinds.OTHER, work.until(goOn, "any")));
    enqueue(Kinds.PLAIN, 10, JobOptions.defaults());
    enqueue(Kinds.OTHER, 10, JobOptions.defaults());

    await().until(() -> work.now("any") == 4);
    staysSo(() -> assertThat(work.now("any")).isEqualTo(4));
    goOn.countDown();
    awaitAllEnded();

    assertThat(work.most("any")).isEqualTo(4);
  }

  @Test
  void everyKey_thousandKeys_eachRunsOneAtATime(TestNodes nodes) {
    jobs.limits().set(Limit.everyKey().maxRunning(1));
    startNodes(
        nodes,
        3,
        b -> b.handle(Kinds.PLAIN, work.counting(n -> List.of("key " + n.value() % 1_000))));
    plinth.transact(
        tx -> {
          for (int i = 0; i < 2_000; i++) {
            jobs.in(tx)
                .enqueue(
                    Kinds.PLAIN, new Number(i), JobOptions.defaults().limitKey("key " + i % 1_000));
          }
        });

    awaitAllEnded();

    assertThat(work.begun()).isEqualTo(2_000);
    assertThat(work.most()).isEqualTo(1);
  }

  @Test
  void keyWithALimitOfItsOwn_isNotUnderThatOfEveryKey(TestNodes nodes) {
    CountDownLatch goOn = new CountDownLatch(1);
    jobs.limits().set(Limit.everyKey().maxRunning(1));
    jobs.limits().set(Limit.key("big").maxRunning(4));
    startNodes(
        nodes,
        2,
        b ->
            b.handle(
                Kinds.PLAIN,
                (args, run) ->
                    work.until(goOn, args.value() == 0 ? "big" : "small").run(args, run)));
    for (int i = 0; i < 10; i++) {
      jobs.enqueue(Kinds.PLAIN, new Number(0), JobOptions.defaults().limitKey("big"));
      jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().limitKey("small"));
    }

    await().until(() -> work.now("big") == 4 && work.now("small") == 1);
    staysSo(() -> assertThat(work.now("big") + work.now("small")).isEqualTo(5));
    goOn.countDown();
    awaitAllEnded();
  }

  @Test
  void severalLimits_everyOneHolds(TestNodes nodes) {
    jobs.limits().set(Limit.global().maxRunning(6));
    jobs.limits().set(Limit.queue("default").maxRunning(5).fair(4));
    jobs.limits().set(Limit.type(Kinds.PLAIN).maxRunning(3));
    jobs.limits().set(Limit.everyKey().maxRunning(1));
    startNodes(
        nodes,
        3,
        b ->
            b.queue("default")
                .queue("elsewhere")
                .handle(
                    Kinds.PLAIN,
                    work.counting(n -> List.of("global 6", "plain 3", "key 1 " + n.value() % 7)))
                .handle(
                    Kinds.SQUARE,
                    (args, run) -> {
                      work.begin(List.of("global 6"));
                      work.end(List.of("global 6"));
                      return new Kinds.Square(args.value(), 0);
                    }));
    for (int i = 0; i < 150; i++) {
      JobOptions options = JobOptions.defaults().limitKey("key " + i % 7).priority(i % 3);
      jobs.enqueue(i % 2 == 0 ? Kinds.PLAIN : SAME_TYPE_ELSEWHERE, new Number(i), options);
      jobs.enqueue(Kinds.SQUARE, new Number(i), JobOptions.defaults());
    }

    awaitAllEnded();

    assertThat(work.begun()).isEqualTo(300);
    assertThat(work.most("global 6")).isLessThanOrEqualTo(6);
    assertThat(work.most("plain 3")).isLessThanOrEqualTo(3);
    for (int key = 0; key < 7; key++) {
      assertThat(work.most("key 1 " + key)).isEqualTo(1);
    }
  }

  @Test
  void blockedKeyInFront_delaysNobodyElse(TestNodes nodes) {
    jobs.limits().set(Limit.key("blocked").maxRunning(0));
    jobs.limits().set(Limit.queue("default").maxRunning(10));
    startNodes(nodes, 2, b -> b.handle(Kinds.PLAIN, work.counting(n -> List.of("default"))));
    enqueue(Kinds.PLAIN, 20_000, JobOptions.defaults().limitKey("blocked").priority(5));
    BatchId others = jobs.batch("others").create();
    enqueue(Kinds.PLAIN, 100, JobOptions.defaults().batch(others));
    jobs.seal(others);

    await().until(() -> jobs.batch(others).orElseThrow().isFinished());

    assertThat(work.begun()).isEqualTo(100);
    assertThat(pending()).isEqualTo(20_000);
    assertThat(jobs.list(JobFilter.all().status(JobStatus.LIMITED), Page.first(5))).hasSize(5);
  }

  @Test
  void priority_isLetThroughFirst(TestNodes nodes) {
    List<Integer> order = java.util.Collections.synchronizedList(new ArrayList<>());
    jobs.limits().set(Limit.queue("default").maxRunning(1));
    jobs.queues().pause("default", "until all are in line");
    startNodes(nodes, 2, b -> b.handle(Kinds.PLAIN, (args, run) -> order.add(args.value())));
    for (int priority : new int[] {0, 7, -3, 7, 50}) {
      jobs.enqueue(Kinds.PLAIN, new Number(priority), JobOptions.defaults().priority(priority));
    }
    jobs.queues().resume("default");

    awaitAllEnded();

    assertThat(order).containsExactly(50, 7, 7, 0, -3);
  }

  @Test
  void limitSetWhileJobsRunAndWait_bringsThemUnderIt(TestNodes nodes) {
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    startNodes(
        nodes,
        2,
        b ->
            b.handle(Kinds.PLAIN, work.until(goOn, "plain"))
                .handle(Kinds.FLAKY, work.until(first, "first")));
    enqueue(Kinds.FLAKY, 16, JobOptions.defaults());
    await().until(() -> work.now("first") == 16);
    enqueue(Kinds.PLAIN, 200, JobOptions.defaults());

    jobs.limits().set(Limit.queue("default").maxRunning(3));
    await()
        .untilAsserted(
            () ->
                assertThat(jobs.list(JobFilter.all().status(JobStatus.LIMITED), Page.first(500)))
                    .hasSize(200));
    first.countDown();

    await().until(() -> work.now("plain") == 3);
    staysSo(() -> assertThat(work.now("plain")).isEqualTo(3));
    awaitSettled();

    // Raised, lowered and removed while jobs run and wait.
    jobs.limits().set(Limit.queue("default").maxRunning(5));
    await().until(() -> work.now("plain") == 5);
    jobs.limits().set(Limit.queue("default").maxRunning(2));
    staysSo(() -> assertThat(work.now("plain")).isEqualTo(5));
    assertThat(jobs.limits().remove(Limit.queue("default"))).isTrue();
    assertThat(jobs.limits().remove(Limit.queue("default"))).isFalse();
    await().until(() -> work.now("plain") == 16);
    goOn.countDown();
    awaitAllEnded();
  }

  @Test
  void transactionThatDidNotKnowTheLimit_itsJobsAreBroughtUnderIt(TestNodes nodes) {
    CountDownLatch goOn = new CountDownLatch(1);
    startNodes(nodes, 2, b -> b.handle(Kinds.PLAIN, work.until(goOn, "plain")));
    Plinth elsewhere = nodes.start("elsewhere").plinth();
    Jobs other = Jobs.create(elsewhere);
    other.queues().pause("default", "so that nothing is claimed meanwhile");
    String adopting = "SELECT count(*) FROM plinth.job_limits WHERE stage = 'adopting'";

    plinth.transact(
        TxOptions.defaults().withIsolation(TxOptions.Isolation.REPEATABLE_READ),
        tx -> {
          Sql.query(tx.connection(), "SELECT count(*) FROM plinth.job_limits", row -> 1);
          other.limits().set(Limit.queue("default").maxRunning(2));
          await().until(() -> AtWork.number(elsewhere, adopting) == 1);
          jobs.in(tx)
              .enqueueAll(
                  Kinds.PLAIN,
                  IntStream.range(0, 30).mapToObj(Number::new).toList(),
                  JobOptions.defaults());
          staysSo(() -> assertThat(AtWork.number(elsewhere, adopting)).isEqualTo(1));
        });

    await().until(() -> AtWork.number(plinth, "SELECT count(*) FROM plinth.job_parked") == 30);
    awaitSettled();
    jobs.queues().resume("default");
    await().until(() -> work.now("plain") == 2);
    goOn.countDown();
    awaitAllEnded();
    assertThat(work.most("plain")).isEqualTo(2);
  }

  @Test
  void retriedAndDelayedJobs_waitForTheLimitAgain(TestNodes nodes) {
    jobs.limits().set(Limit.queue("default").maxRunning(0));
    JobId delayed =
        jobs.enqueue(
            Kinds.PLAIN, new Number(1), JobOptions.defaults().delay(Duration.ofMillis(10)));
    JobId failed = jobs.enqueue(Kinds.PLAIN, new Number(2));
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                DELETE FROM plinth.job_parked;
                UPDATE plinth.computational_jobs SET status = 'failed', completed_at = now()
                WHERE id NOT IN (SELECT job_id FROM plinth.job_delayed);
                INSERT INTO plinth.job_attempts
                  (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome)
                SELECT id, 1, 1, gen_random_uuid(), now(), now(), 'failed'
                FROM plinth.computational_jobs WHERE status = 'failed'
                """));

    assertThat(jobs.retry(failed)).isTrue();
    startNodes(nodes, 1, b -> b.handle(Kinds.PLAIN, work.counting(n -> List.of("plain"))));

    await().until(() -> status(delayed) == JobStatus.LIMITED);
    assertThat(status(failed)).isEqualTo(JobStatus.LIMITED);
    jobs.limits().set(Limit.queue("default").maxRunning(1));
    awaitAllEnded();
    assertThat(jobs.find(failed).orElseThrow().errorRecoveryAttempts()).isEqualTo(1);
  }

  private JobStatus status(JobId id) {
    return jobs.find(id).orElseThrow().status();
  }

  @Test
  void withoutLimits_nothingIsParked() {
    enqueue(Kinds.PLAIN, 10, JobOptions.defaults().limitKey("key"));

    assertThat(AtWork.number(plinth, "SELECT count(*) FROM plinth.job_parked")).isZero();
    assertThat(AtWork.number(plinth, "SELECT count(*) FROM plinth.job_ready")).isEqualTo(10);
  }

  @Test
  void list_tellsWhatWasSet() {
    Limit mail = Limit.queue("mail").maxRunning(10).rate(100, Duration.ofMinutes(1)).fair();
    jobs.limits().set(Limit.queue("mail").maxRunning(1));
    jobs.limits().set(mail);
    jobs.limits().set(Limit.everyKey().maxRunning(2));

    assertThat(jobs.limits().list()).containsExactly(Limit.everyKey().maxRunning(2), mail);
  }

  @Test
  void badLimits_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> jobs.limits().set(Limit.global()))
        .withMessageContaining("limit");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Limit.global().fair())
        .withMessageContaining("fairShare");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Limit.type(Kinds.PLAIN).rate(1, Duration.ofSeconds(1)))
        .withMessageContaining("rate");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Limit.queue(" "))
        .withMessageContaining("name");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Limit.queue("q").maxRunning(-1))
        .withMessageContaining("maxRunning");
  }

  @Test
  void rowsThatBreakALimit_areFoundByCheck() {
    jobs.limits().set(Limit.queue("default").maxRunning(1));
    JobId counted = jobs.enqueue(Kinds.PLAIN, new Number(1));
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                UPDATE plinth.job_limits SET stage = 'settled';
                INSERT INTO plinth.job_ready (job_id, queue, priority, type, job_version, group_id)
                SELECT job_id, queue, priority, type, job_version, 4711 FROM plinth.job_parked
                """));

    assertThat(jobs.check())
        .extracting(Fault::invariant)
        .containsExactlyInAnyOrder("one-place", "groups-match");
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "DELETE FROM plinth.job_parked;" + " UPDATE plinth.job_ready SET group_id = NULL"));
    assertThat(jobs.check())
        .containsExactly(
            new Fault(
                "limited-are-counted",
                counted.toString(),
                "ready and not counted by the limit on queue default"));
    plinth.transact(tx -> Sql.execute(tx.connection(), "DELETE FROM plinth.job_limits"));
  }
}
