package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One thing that goes wrong keeps nothing else from being done. */
@PlinthTest
class ResilienceTest {
  private Jobs inspect;

  @BeforeEach
  void create(Jobs injected) {
    inspect = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(inspect.check()).isEmpty();
  }

  private static JobsBuilder builder(Plinth plinth) {
    return Jobs.builder(plinth).workers(2).pollInterval(Duration.ofMillis(20));
  }

  private BatchId sealed(String name) {
    BatchId batch = inspect.batch(name).create();
    inspect.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().batch(batch));
    inspect.seal(batch);
    return batch;
  }

  @Test
  void subscriberRefusesTheEndOfABatch_otherBatchesEndAndJobsRun(Plinth plinth) {
    BatchId bad = sealed("bad");
    BatchId good = sealed("good");
    try (Events.Subscription refusing =
            plinth
                .events()
                .inTransaction(
                    BatchCompleted.class,
                    (tx, event) -> {
                      if (event.batchId().equals(bad)) {
                        throw new AssertionError("refused");
                      }
                    });
        Jobs jobs = builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      assertThat(refusing).isNotNull();
      jobs.start();
      await().until(() -> jobs.batch(good).orElseThrow().isFinished());
      BatchId ended = sealed("later");
      await().until(() -> jobs.batch(ended).orElseThrow().isFinished());
      assertThat(jobs.batch(bad).orElseThrow().status()).isEqualTo(Batch.Status.SEALED);
      assertThat(jobs.batch(bad).orElseThrow().completed()).isEqualTo(1);
    }
    try (Jobs jobs = builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      jobs.start();
      await().until(() -> jobs.batch(bad).orElseThrow().isFinished());
    }
  }

  /** Lets no record of a job be updated, as a full disk would. */
  private static void fillDisk(Plinth plinth) {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                CREATE SEQUENCE refused;
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  PERFORM nextval('refused');
                  RAISE EXCEPTION 'no space left' USING ERRCODE = '53100';
                END $$;
                CREATE TRIGGER full_disk BEFORE UPDATE ON plinth.computational_jobs
                  FOR EACH ROW EXECUTE FUNCTION refuse();
                """));
  }

  private static void emptyDisk(Plinth plinth) {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                DROP TRIGGER full_disk ON plinth.computational_jobs;
                DROP FUNCTION refuse();
                DROP SEQUENCE refused;
                """));
  }

  private static long refused(Plinth plinth) {
    return plinth.transactReturning(
        tx ->
            Sql.query(tx.connection(), "SELECT last_value FROM refused", row -> row.getLong(1))
                .get(0));
  }

  @Test
  void databaseRefusesForAWhile_successStaysASuccess(Plinth plinth) {
    fillDisk(plinth);
    try (Jobs jobs = builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      jobs.start();
      JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
      await().atMost(Duration.ofSeconds(30)).until(() -> refused(plinth) > 6);
      emptyDisk(plinth);

      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
      assertThat(jobs.attempts(id)).hasSize(1);
    }
  }

  @Test
  void databaseRefusesUntilTheEnd_closeGivesTheClaimUp(Plinth plinth) {
    fillDisk(plinth);
    Jobs jobs = builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).build();
    jobs.start();
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    await().until(() -> refused(plinth) > 1);

    jobs.close();

    emptyDisk(plinth);
    assertThat(inspect.find(id).orElseThrow().status()).isEqualTo(JobStatus.READY);
  }

  @Test
  void executorTakesNoTaskForAWhile_claimedJobsRunAfterwards(TestDatabase database) {
    AtomicBoolean full = new AtomicBoolean();
    ExecutorService threads = Executors.newCachedThreadPool();
    try (Plinth plinth =
            database
                .plinth(database.pool(5))
                .executor(
                    task -> {
                      if (full.get()) {
                        throw new RejectedExecutionException("full");
                      }
                      threads.execute(task);
                    })
                .build();
        Jobs jobs = builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      jobs.start();
      full.set(true);
      JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.RUNNING);
      full.set(false);
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.COMPLETED);
    } finally {
      threads.shutdown();
    }
  }

  /** An exception that cannot be told. */
  private static final class Unspeakable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }
  }

  @Test
  void handlerThrowsWhatCannotBeTold_isAFailureLikeAnother(Plinth plinth) {
    JobType<Number> once = JobType.of("once", Number.class).withRetryPolicy(RetryPolicy.never());
    try (Jobs jobs =
        builder(plinth)
            .handle(
                once,
                (args, run) -> {
                  throw new Unspeakable();
                })
            .build()) {
      jobs.start();
      JobId id = jobs.enqueue(once, new Number(1));
      await().until(() -> jobs.find(id).orElseThrow().status() == JobStatus.FAILED);
      assertThat(jobs.find(id).orElseThrow().error()).isEqualTo(Unspeakable.class.getName());
    }
  }
}
