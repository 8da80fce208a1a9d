package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthCustomizer;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestNode;
import dev.plinth.test.TestNodes;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest(customizer = FenceTest.ShortLives.class)
class FenceTest {
  private Jobs inspect;

  @BeforeEach
  void effects(Plinth plinth, Jobs injected) {
    inspect = injected;
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                "DROP TABLE IF EXISTS effects; CREATE TABLE effects (job text, by text)"));
  }

  @AfterEach
  void invariantsHold() {
    assertThat(inspect.check()).isEmpty();
  }

  private static Jobs runner(Plinth plinth, JobAction<Number> action) {
    Jobs jobs =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, action)
            .workers(2)
            .pollInterval(Duration.ofMillis(50))
            .gracePeriod(Duration.ofSeconds(2))
            .build();
    jobs.start();
    return jobs;
  }

  private static void effect(Plinth plinth, JobRun run, String by) {
    plinth.transact(
        tx -> {
          run.fence(tx.connection());
          Sql.update(tx.connection(), "INSERT INTO effects VALUES (?, ?)", run.id().toString(), by);
        });
  }

  private static long effects(Plinth plinth) {
    return plinth.transactReturning(
        tx ->
            Sql.query(tx.connection(), "SELECT count(*) FROM effects", row -> row.getLong(1))
                .get(0));
  }

  /** Ends the instance's row, as another node would that found its heartbeat overdue. */
  private static void declareDead(Plinth judge, UUID instance) {
    judge.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "UPDATE plinth.instances SET ended_at = heartbeat_at, end_reason = 'expired'"
                    + " WHERE id = ?",
                instance));
  }

  @Test
  void zombie_everyWriteRefusedAndTold(Plinth plinth, TestNodes nodes) throws Exception {
    BlockingQueue<Throwable> refused = new LinkedBlockingQueue<>();
    CountDownLatch claimed = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    TestNode second = nodes.start("second");
    Jobs zombies =
        runner(
            plinth,
            (args, run) -> {
              claimed.countDown();
              awaitUninterruptibly(goOn);
              refused.add(catchThrowable(() -> effect(plinth, run, "zombie")));
              refused.add(catchThrowable(() -> run.progress(1, 2, "late")));
              refused.add(catchThrowable(() -> plinth.transact(run::completeIn)));
            });
    JobId id = inspect.enqueue(Kinds.PLAIN, new Number(1));
    assertThat(claimed.await(30, TimeUnit.SECONDS)).isTrue();
    declareDead(second.plinth(), plinth.instances().id());

    try (Jobs heirs =
        runner(second.plinth(), (args, run) -> effect(second.plinth(), run, "heir"))) {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> inspect.find(id).orElseThrow().status() == JobStatus.COMPLETED);
      goOn.countDown();
      for (int i = 0; i < 3; i++) {
        assertThat(refused.poll(30, TimeUnit.SECONDS)).isInstanceOf(LostClaimException.class);
      }
      zombies.close();
    }

    assertThat(effects(plinth)).isEqualTo(1);
    // Until it hears that it was declared dead, the first node may claim once more and lose again.
    List<Attempt> attempts = inspect.attempts(id);
    int last = attempts.size() - 1;
    assertThat(attempts.get(last).outcome()).isEqualTo(Attempt.Outcome.COMPLETED);
    assertThat(attempts.subList(0, last))
        .isNotEmpty()
        .allSatisfy(attempt -> assertThat(attempt.outcome()).isEqualTo(Attempt.Outcome.LOST));
    assertThat(inspect.find(id).orElseThrow().errorRecoveryAttempts()).isEqualTo(last);
  }

  /** As a handler would that does not react to interrupts. */
  private static void awaitUninterruptibly(CountDownLatch latch) {
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
  void fence_heldByAHandler_keepsTheRescueOut(Plinth plinth, TestNodes nodes) throws Exception {
    CountDownLatch fenced = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    TestNode second = nodes.start("second");
    try (Jobs slow =
        runner(
            plinth,
            (args, run) ->
                plinth.transact(
                    tx -> {
                      run.fence(tx.connection());
                      run.progress(1, 2, "over another connection");
                      Sql.update(tx.connection(), "INSERT INTO effects VALUES ('x', 'first')");
                      fenced.countDown();
                      awaitUninterruptibly(goOn);
                    }))) {
      JobId id = inspect.enqueue(Kinds.PLAIN, new Number(1));
      assertThat(fenced.await(30, TimeUnit.SECONDS)).isTrue();
      declareDead(second.plinth(), plinth.instances().id());
      await().during(Duration.ofSeconds(1)).until(() -> inspect.attempts(id).isEmpty());
      goOn.countDown();
      await().until(() -> inspect.find(id).orElseThrow().status() == JobStatus.COMPLETED);
      assertThat(inspect.attempts(id))
          .extracting(Attempt::outcome)
          .containsExactly(Attempt.Outcome.LOST, Attempt.Outcome.COMPLETED);
    }
    // The fence let the first run commit; alone it does not make the effect happen once.
    assertThat(effects(plinth)).isEqualTo(2);
  }

  @Test
  void completeIn_commits_effectAndCompletionTogether(Plinth plinth) {
    try (Jobs jobs =
        runner(
            plinth,
            (args, run) ->
                plinth.transact(
                    tx -> {
                      Sql.update(tx.connection(), "INSERT INTO effects VALUES ('x', 'y')");
                      run.completeIn(tx);
                      assertThatThrownBy(() -> run.completeIn(tx))
                          .isInstanceOf(IllegalStateException.class);
                    }))) {
      JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
      assertThat(effects(plinth)).isEqualTo(1);
      assertThat(jobs.attempts(id)).hasSize(1);
    }
  }

  @Test
  void completeIn_rolledBack_runsAgain(Plinth plinth) {
    AtomicInteger runs = new AtomicInteger();
    JobType<Number> quick =
        JobType.of("quick", Number.class)
            .withRetryPolicy(
                RetryPolicy.defaults().withDelays(Duration.ofMillis(1), Duration.ofMillis(2)));
    try (Jobs jobs =
        Jobs.builder(plinth)
            .handle(
                quick,
                (args, run) -> {
                  try {
                    plinth.transact(
                        tx -> {
                          Sql.update(tx.connection(), "INSERT INTO effects VALUES ('x', 'y')");
                          run.completeIn(tx);
                          if (runs.incrementAndGet() == 1) {
                            throw new IllegalStateException("after all");
                          }
                        });
                  } catch (IllegalStateException e) {
                    // The handler returns normally although its transaction rolled back.
                    assertThat(e).hasMessage("after all");
                  }
                })
            .pollInterval(Duration.ofMillis(20))
            .build()) {
      jobs.start();
      JobId id = jobs.enqueue(quick, new Number(1));
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
      assertThat(jobs.attempts(id))
          .extracting(Attempt::outcome)
          .containsExactly(Attempt.Outcome.RETRIED, Attempt.Outcome.COMPLETED);
    }
    assertThat(effects(plinth)).isEqualTo(1);
  }

  @Test
  void completeIn_transactionRepeated_completesOnce(Plinth plinth) {
    AtomicInteger tries = new AtomicInteger();
    try (Jobs jobs =
        runner(
            plinth,
            (args, run) ->
                plinth.transact(
                    tx -> {
                      Sql.update(tx.connection(), "INSERT INTO effects VALUES ('x', 'y')");
                      run.completeIn(tx);
                      if (tries.incrementAndGet() == 1) {
                        throw new SQLException("lost against another", "40001");
                      }
                    }))) {
      JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
      assertThat(tries).hasValue(2);
      assertThat(effects(plinth)).isEqualTo(1);
      assertThat(jobs.attempts(id)).hasSize(1);
    }
  }

  @Test
  void completeIn_rolledBackToASavepoint_countsAsFailed(Plinth plinth) {
    try (Jobs jobs =
        runner(
            plinth,
            (args, run) ->
                plinth.transact(
                    tx -> {
                      Savepoint before = tx.connection().setSavepoint();
                      run.completeIn(tx);
                      tx.connection().rollback(before);
                    }))) {
      JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.RETRYING);
      assertThat(jobs.attempts(id))
          .extracting(Attempt::outcome)
          .containsExactly(Attempt.Outcome.RETRIED);
    }
  }

  @Test
  void progress_ofARunningJob_isSeenAndKept(Plinth plinth) throws Exception {
    CountDownLatch reported = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (Jobs jobs =
        runner(
            plinth,
            (args, run) -> {
              run.progress(1, 4, "first");
              reported.countDown();
              goOn.await();
              run.progress(4, 4, null);
            })) {
      JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
      assertThat(reported.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(jobs.find(id).orElseThrow().progress()).isEqualTo(new Progress(1, 4, "first"));
      goOn.countDown();
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
      assertThat(jobs.find(id).orElseThrow().progress()).isEqualTo(new Progress(4, 4, null));
    }
    assertThat(
            plinth.<Long, RuntimeException>transactReturning(
                tx ->
                    Sql.query(
                            tx.connection(),
                            "SELECT count(*) FROM plinth.job_progress",
                            row -> row.getLong(1))
                        .get(0)))
        .isZero();
  }

  /** Instances that are rescued from soon. */
  static final class ShortLives implements PlinthCustomizer {
    @Override
    public void customize(PlinthBuilder builder) {
      builder.instanceTimeToLive(Duration.ofSeconds(2));
    }
  }
}
