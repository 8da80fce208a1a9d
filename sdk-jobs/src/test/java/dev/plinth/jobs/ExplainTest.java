package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNode;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest(start = true)
class ExplainTest {
  /** Not again before the test is long over. */
  private static final JobType<Number> LATER =
      JobType.of("later", Number.class)
          .withRetryPolicy(
              RetryPolicy.defaults().withDelays(Duration.ofDays(365), Duration.ofDays(365)));

  private Jobs jobs;
  private Plinth plinth;

  @BeforeEach
  void create(Plinth injected, Jobs made) {
    plinth = injected;
    jobs = made;
  }

  private Explanation explain(JobId id) {
    return jobs.explain(id).orElseThrow();
  }

  private void sql(String sql, Object... parameters) {
    plinth.transact(tx -> Sql.update(tx.connection(), sql, parameters));
  }

  /** A dispatcher that takes these, but is never quick enough. */
  private void taker(String queue, String type, int version) {
    sql(
        """
        INSERT INTO plinth.job_handlers
          (claimer, instance_id, queues, types, versions, workers, registered_at)
        VALUES (?, ?, ARRAY[?], ARRAY[?], ARRAY[?], 1, now())
        """,
        UUID.randomUUID(),
        plinth.instances().id(),
        queue,
        type,
        version);
  }

  private void lease(JobId id, UUID instance) {
    sql(
        """
        WITH gone AS (
          DELETE FROM plinth.job_ready WHERE job_id = ? RETURNING *
        )
        INSERT INTO plinth.job_leases
          (job_id, epoch, instance_id, claimed_at, queue, priority, type, job_version, attempt,
           claimer)
        SELECT job_id, epoch + 1, ?, now(), queue, priority, type, job_version, attempt, job_id
        FROM gone
        """,
        id.value(),
        instance);
  }

  @Test
  void unknownOrOfAnotherTenant_isEmpty() {
    assertThat(jobs.explain(new JobId(UUID.randomUUID()))).isEmpty();

    TxOptions acme = TxOptions.defaults().withTenant("acme");
    JobId id =
        plinth.transactReturning(acme, tx -> jobs.in(tx).enqueue(Kinds.PLAIN, new Number(1)));
    plinth.transact(acme, tx -> assertThat(jobs.in(tx).explain(id)).isPresent());
    plinth.transact(
        TxOptions.defaults().withTenant("other"),
        tx -> assertThat(jobs.in(tx).explain(id)).isEmpty());
  }

  @Test
  void ended_saysHowAndWhatThen() {
    JobType<Number> bad = JobType.of("bad", Number.class).withRetryPolicy(RetryPolicy.never());
    JobId good = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobId failed = jobs.enqueue(bad, new Number(1));
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, (args, run) -> {})
            .handle(
                bad,
                (args, run) -> {
                  throw new IllegalStateException("no luck\nat all");
                })
            .build()) {
      runner.start();
      await().until(() -> explain(good) instanceof Explanation.Ended);
      await().until(() -> explain(failed) instanceof Explanation.Ended);
    }
    assertThat(explain(good).text()).startsWith("It completed at ");
    assertThat(explain(failed).text())
        .contains("failed for good")
        .contains("(java.lang.IllegalStateException: no luck)")
        .contains("jobs.retry(id)");
  }

  @Test
  void scheduled_thenNobodyWorks(SettableClock clock) {
    JobId id =
        jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().delay(Duration.ofHours(1)));
    assertThat(explain(id))
        .isEqualTo(new Explanation.Scheduled(jobs.find(id).orElseThrow().runAt()));

    clock.advance(Duration.ofHours(2));

    assertThat(explain(id)).isEqualTo(new Explanation.NobodyWorks("default"));
    assertThat(explain(id).text()).contains(".queue(\"default\")");
  }

  @Test
  void backingOff_saysUntilWhenAndWhy() {
    JobId id = jobs.enqueue(LATER, new Number(1));
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(
                LATER,
                (args, run) -> {
                  throw new IllegalStateException("later");
                })
            .build()) {
      runner.start();
      await().until(() -> explain(id) instanceof Explanation.BackingOff);
    }
    assertThat(explain(id))
        .asInstanceOf(type(Explanation.BackingOff.class))
        .satisfies(
            backing -> {
              assertThat(backing.attempt()).isEqualTo(2);
              assertThat(backing.at()).isEqualTo(jobs.find(id).orElseThrow().runAt());
              assertThat(backing.text()).contains("later").contains("attempt 2 follows at");
            });
  }

  @Test
  void nobodyHasTheVersion_saysWhoTakesWhat() throws Exception {
    JobId newer = jobs.enqueue(Kinds.PLAIN.withVersion(3), new Number(1));
    try (Jobs runner =
        Jobs.builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).workers(2).build()) {
      runner.start();
      await().until(() -> explain(newer) instanceof Explanation.NoHandler);
      assertThat(explain(newer))
          .asInstanceOf(type(Explanation.NoHandler.class))
          .satisfies(
              nobody -> {
                assertThat(nobody.type()).isEqualTo("plain");
                assertThat(nobody.version()).isEqualTo(3);
                assertThat(nobody.takers())
                    .containsExactly(
                        new Explanation.Taker(plinth.instances().id(), "test", Map.of("plain", 1)));
                assertThat(nobody.text()).contains("takes {plain=1}.");
              });
    }
    // Those who have stopped take nothing.
    assertThat(explain(newer)).isEqualTo(new Explanation.NobodyWorks("default"));
  }

  @Test
  void whatADeadInstanceTook_countsForNothing_andIsRemoved(TestNodes nodes) {
    TestNode other = nodes.start("other");
    JobId id = jobs.enqueue(Kinds.OTHER, new Number(1));
    taker("other", "other", 1);
    assertThat(explain(id)).isInstanceOf(Explanation.InLine.class);
    sql(
        "UPDATE plinth.instances SET ended_at = heartbeat_at, end_reason = 'expired' WHERE id = ?",
        plinth.instances().id());

    assertThat(explain(id)).isEqualTo(new Explanation.NobodyWorks("other"));

    try (Jobs runner =
        Jobs.builder(other.plinth()).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      runner.start();
      await()
          .until(
              () ->
                  plinth.<Integer, RuntimeException>transactReturning(
                          tx ->
                              Sql.query(
                                      tx.connection(),
                                      "SELECT count(*) FROM plinth.job_handlers"
                                          + " WHERE 'other' = ANY (queues)",
                                      row -> row.getInt(1))
                                  .get(0))
                      == 0);
    }
  }

  @Test
  void running_saysWhere() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(
                Kinds.PLAIN,
                (args, run) -> {
                  begun.countDown();
                  goOn.await();
                })
            .gracePeriod(Duration.ofMinutes(1))
            .build()) {
      runner.start();
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(explain(id))
          .asInstanceOf(type(Explanation.Running.class))
          .satisfies(
              running -> {
                assertThat(running.instanceId()).isEqualTo(plinth.instances().id());
                assertThat(running.node()).isEqualTo("test");
                assertThat(running.attempt()).isEqualTo(1);
                assertThat(running.alive()).isTrue();
                assertThat(running.since()).isEqualTo(jobs.find(id).orElseThrow().startedAt());
              });
      goOn.countDown();
    }
  }

  @Test
  void fenceOfADeadInstance_namesTheSession(TestDatabase database) throws SQLException {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    lease(id, UUID.randomUUID());
    assertThat(explain(id))
        .asInstanceOf(type(Explanation.Running.class))
        .satisfies(
            dead -> {
              assertThat(dead.alive()).isFalse();
              assertThat(dead.text()).contains("dead").contains("takes the job over");
            });
    try (Connection zombie = database.connect()) {
      zombie.setAutoCommit(false);
      Sql.query(
          zombie,
          "SELECT 1 FROM plinth.job_leases WHERE job_id = ? FOR SHARE",
          row -> row.getInt(1),
          id.value());

      int pid = Sql.query(zombie, "SELECT pg_backend_pid()", row -> row.getInt(1)).get(0);
      assertThat(explain(id))
          .asInstanceOf(type(Explanation.FenceHeld.class))
          .satisfies(
              held -> {
                assertThat(held.holder().pid()).isEqualTo(pid);
                assertThat(held.holder().since()).isNotNull();
                assertThat(held.text()).contains("pg_terminate_backend(" + pid + ")");
              });
      zombie.rollback();
    }
    assertThat(explain(id)).isInstanceOf(Explanation.Running.class);
  }

  @Test
  void lockedPlace_namesTheSession(TestDatabase database) throws SQLException {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    taker("default", "plain", 1);
    try (Connection claiming = database.connect()) {
      claiming.setAutoCommit(false);
      Sql.update(claiming, "DELETE FROM plinth.job_ready WHERE job_id = ?", id.value());

      int pid = Sql.query(claiming, "SELECT pg_backend_pid()", row -> row.getInt(1)).get(0);
      assertThat(explain(id))
          .asInstanceOf(type(Explanation.Locked.class))
          .satisfies(
              locked -> {
                assertThat(locked.holder().pid()).isEqualTo(pid);
                assertThat(locked.holder().state()).isEqualTo("idle in transaction");
              });
      claiming.rollback();
    }
    assertThat(explain(id)).isInstanceOf(Explanation.InLine.class);
  }

  @Test
  void inLine_countsThoseAhead() {
    taker("default", "plain", 1);
    JobId first = jobs.enqueue(Kinds.PLAIN, new Number(1));
    jobs.enqueue(Kinds.PLAIN, new Number(2));
    JobId third = jobs.enqueue(Kinds.PLAIN, new Number(3));
    jobs.enqueue(Kinds.PLAIN, new Number(4));
    jobs.enqueue(Kinds.OTHER, new Number(5));
    assertThat(explain(first).text()).contains("first in line");

    jobs.enqueue(Kinds.PLAIN, new Number(6), JobOptions.defaults().priority(1));

    assertThat(explain(third))
        .isEqualTo(new Explanation.InLine("default", new JobCount(3, true), new JobCount(1, true)));
    assertThat(explain(third).text()).startsWith("3 jobs are ahead of it");
  }

  @Test
  void waitsForOthers_namesThem() {
    JobId pending = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobId scheduled =
        jobs.enqueue(Kinds.OTHER, new Number(2), JobOptions.defaults().delay(Duration.ofHours(1)));
    JobId child =
        jobs.enqueue(Kinds.PLAIN, new Number(3), JobOptions.defaults().after(pending, scheduled));

    assertThat(explain(child))
        .isEqualTo(
            new Explanation.WaitingForParents(
                List.of(
                    new Explanation.Parent(pending, "plain", JobStatus.READY, OnFailure.CANCEL),
                    new Explanation.Parent(
                        scheduled, "other", JobStatus.SCHEDULED, OnFailure.CANCEL))));
    assertThat(explain(child).text())
        .contains("waits for 2 jobs")
        .contains(pending + " (plain, READY)");
  }

  @Test
  void waitsForOneThatFailed_saysWhatToDo() {
    JobType<Number> bad = JobType.of("bad", Number.class).withRetryPolicy(RetryPolicy.never());
    JobId parent = jobs.enqueue(bad, new Number(1));
    JobId child =
        jobs.enqueue(
            Kinds.PLAIN, new Number(2), JobOptions.defaults().after(OnFailure.HOLD, parent));
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(
                bad,
                (args, run) -> {
                  throw new IllegalStateException("no");
                })
            .build()) {
      runner.start();
      await().until(() -> explain(parent) instanceof Explanation.Ended);
    }
    assertThat(explain(child).text())
        .contains("It waits until " + parent + ", which did not complete")
        .contains("jobs.retry(id)");
  }

  @Test
  void pausedQueue_saysByWhomAndWhy() {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    jobs.queues().pause("default", "ada", "the printer is on fire");

    assertThat(explain(id))
        .asInstanceOf(type(Explanation.Paused.class))
        .satisfies(
            paused -> {
              assertThat(paused.by()).isEqualTo("ada");
              assertThat(paused.reason()).isEqualTo("the printer is on fire");
              assertThat(paused.text())
                  .contains("by ada (the printer is on fire)")
                  .contains("jobs.queues().resume(\"default\")");
            });

    jobs.queues().resume("default");
    assertThat(explain(id)).isEqualTo(new Explanation.NobodyWorks("default"));
  }

  @Test
  void limitReached_namesItAndThoseItCounts() throws Exception {
    jobs.limits().set(Limit.type(Kinds.PLAIN).maxRunning(1));
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    JobId first = jobs.enqueue(Kinds.PLAIN, new Number(1));
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(
                Kinds.PLAIN,
                (args, run) -> {
                  begun.countDown();
                  goOn.await();
                })
            .pollInterval(Duration.ofMillis(50))
            .gracePeriod(Duration.ofMinutes(1))
            .build()) {
      runner.start();
      assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
      JobId second = jobs.enqueue(Kinds.PLAIN, new Number(2));
      JobId third = jobs.enqueue(Kinds.PLAIN, new Number(3));

      await()
          .untilAsserted(
              () ->
                  assertThat(explain(third))
                      .asInstanceOf(type(Explanation.LimitReached.class))
                      .satisfies(
                          reached -> {
                            assertThat(reached.limit())
                                .isEqualTo(Limit.type(Kinds.PLAIN).maxRunning(1));
                            assertThat(reached.running()).isEqualTo(1);
                            assertThat(reached.most()).isEqualTo(1);
                            assertThat(reached.holders()).containsExactly(first);
                            assertThat(reached.ahead()).isEqualTo(new JobCount(1, true));
                            assertThat(reached.text())
                                .startsWith("The limit on the type plain is used up (1 of 1, among")
                                .contains("one job waits before it");
                          }));
      assertThat(Jobs.create(plinth).statistics().queue("default").orElseThrow().depth().parked())
          .hasToString("2");
      goOn.countDown();
      await().until(() -> explain(second) instanceof Explanation.Ended);
      await().until(() -> explain(third) instanceof Explanation.Ended);
    }
  }

  @Test
  void nowhere_saysSo() {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    sql("DELETE FROM plinth.job_ready WHERE job_id = ?", id.value());

    assertThat(explain(id)).isEqualTo(new Explanation.Nowhere());
    assertThat(explain(id).text()).contains("jobs.repair()");
  }
}
