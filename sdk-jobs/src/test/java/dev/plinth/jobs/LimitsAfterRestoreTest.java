package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Limits in tables as a backup has them, or as one that was restored in part. */
@PlinthTest
class LimitsAfterRestoreTest {
  private final AtWork work = new AtWork();
  private Plinth plinth;
  private Jobs jobs;

  @BeforeEach
  void inject(Plinth plinth, Jobs jobs) {
    this.plinth = plinth;
    this.jobs = jobs;
    jobs.limits().set(Limit.queue("default").maxRunning(2));
    jobs.enqueueAll(
        Kinds.PLAIN, IntStream.range(0, 10).mapToObj(Number::new).toList(), JobOptions.defaults());
  }

  @AfterEach
  void invariantsHold() {
    assertThat(jobs.check()).isEmpty();
  }

  private void execute(String sql) {
    plinth.transact(tx -> Sql.execute(tx.connection(), sql));
  }

  /** Runs what there is; never more than two at a time. */
  private void runAll() {
    CountDownLatch goOn = new CountDownLatch(1);
    try (Jobs runner =
        Jobs.builder(plinth)
            .handle(Kinds.PLAIN, work.until(goOn, "plain"))
            .pollInterval(Duration.ofMillis(50))
            .build()) {
      runner.start();
      await().until(() -> work.now("plain") == 2);
      goOn.countDown();
      await()
          .until(
              () ->
                  AtWork.number(
                          plinth,
                          "SELECT count(*) FROM plinth.computational_jobs"
                              + " WHERE status = 'completed'")
                      == 10);
    }
    assertThat(work.most("plain")).isEqualTo(2);
  }

  @Test
  void parkedJobs_keepTheirPlacesWithHigherEpochs() {
    plinth.afterRestore(RestoreOptions.defaults());

    assertThat(jobs.check()).isEmpty();
    assertThat(
            plinth.<List<Integer>, RuntimeException>transactReturning(
                tx ->
                    Sql.query(
                        tx.connection(),
                        "SELECT epoch FROM plinth.job_parked",
                        row -> row.getInt(1))))
        .hasSize(10)
        .containsOnly(Restoring.EPOCHS_SKIPPED);
    runAll();
  }

  @Test
  void groupsAndGatekeeperAreLost_limitHoldsAgain() {
    execute(
        """
        WITH gone AS (DELETE FROM plinth.job_parked RETURNING *)
        INSERT INTO plinth.job_ready (job_id, queue, priority, type, job_version, group_id)
        SELECT job_id, queue, priority, type, job_version, 4711 FROM gone;
        DELETE FROM plinth.job_gatekeeper;
        """);

    plinth.afterRestore(RestoreOptions.defaults());
    jobs.queues().pause("default", "until they are back in line");
    try (Jobs gate = Jobs.builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      gate.start();
      await().until(() -> AtWork.number(plinth, "SELECT count(*) FROM plinth.job_parked") == 10);
    }
    jobs.queues().resume("default");

    runAll();
  }

  @Test
  void onlyTheRecordsAreBack_jobsAreBroughtUnderTheLimit() {
    execute("DELETE FROM plinth.job_parked");

    plinth.afterRestore(RestoreOptions.defaults());
    jobs.queues().pause("default", "until they are back in line");
    try (Jobs gate = Jobs.builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      gate.start();
      await().until(() -> AtWork.number(plinth, "SELECT count(*) FROM plinth.job_parked") == 10);
    }
    jobs.queues().resume("default");

    runAll();
  }
}
