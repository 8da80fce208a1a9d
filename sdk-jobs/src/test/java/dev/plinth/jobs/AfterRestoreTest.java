package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.restore.RestoreReport;
import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tables as a backup has them, or as one that was restored in part. */
@PlinthTest
class AfterRestoreTest {
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
  }

  @Test
  void lastAttemptWasRunning_runsAgainAndIsNotCounted() {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().maxAttempts(1));
    execute(
        """
        WITH claimed AS (DELETE FROM plinth.job_ready RETURNING *)
        INSERT INTO plinth.job_leases
          (job_id, epoch, instance_id, claimed_at, queue, priority, type, job_version, attempt, claimer, begun)
        SELECT job_id, epoch + 1, gen_random_uuid(), now(), queue, priority, type, job_version, attempt,
          gen_random_uuid(), true
        FROM claimed
        """);

    assertThat(afterRestore().rows("jobs", "claims given back")).isEqualTo(1);

    assertThat(jobs.find(id).orElseThrow().errorRecoveryAttempts()).isZero();
    assertThat(query("SELECT epoch || ' ' || attempt FROM plinth.job_ready"))
        .containsExactly(1 + Restoring.EPOCHS_SKIPPED + " 1");
    assertThat(jobs.attempts(id))
        .extracting(Attempt::outcome)
        .containsExactly(Attempt.Outcome.RELEASED);
  }

  @Test
  void failedJob_retried_goesOnBeyondTheLostEpochs() {
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1));
    execute(
        """
        INSERT INTO plinth.job_attempts (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome)
        SELECT job_id, e, e, gen_random_uuid(), now(), now(), CASE e WHEN 3 THEN 'failed' ELSE 'retried' END
        FROM plinth.job_ready, generate_series(1, 3) AS e;
        DELETE FROM plinth.job_ready;
        UPDATE plinth.computational_jobs SET status = 'failed', completed_at = now();
        """);

    assertThat(afterRestore().rows("jobs", "failed jobs made safe")).isEqualTo(1);
    assertThat(jobs.retry(id)).isTrue();

    assertThat(query("SELECT epoch::text FROM plinth.job_ready"))
        .containsExactly(String.valueOf(3 + Restoring.EPOCHS_SKIPPED));
  }

  @Test
  void waitingJobs_keepTheirPlacesAndTimes() {
    jobs.enqueue(Kinds.PLAIN, new Number(1));
    jobs.enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().delay(Duration.ofHours(1)));
    List<String> before = query("SELECT run_at::text FROM plinth.job_delayed");

    afterRestore();

    assertThat(query("SELECT run_at::text FROM plinth.job_delayed")).isEqualTo(before);
    assertThat(
            query(
                "SELECT epoch::text FROM plinth.job_ready"
                    + " UNION ALL SELECT epoch::text FROM plinth.job_delayed"))
        .containsOnly(String.valueOf(Restoring.EPOCHS_SKIPPED));
  }

  @Test
  void onlyTheRecordsAreBack_pendingJobsAreQueuedAndEndedOnesAreNot() {
    jobs.enqueue(Kinds.PLAIN, new Number(1));
    jobs.enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().delay(Duration.ofHours(1)));
    execute("DELETE FROM plinth.job_ready; DELETE FROM plinth.job_delayed");

    assertThat(afterRestore().rows("jobs", "pending jobs put back in line")).isEqualTo(2);

    assertThat(query("SELECT job_id::text FROM plinth.job_ready")).hasSize(1);
    assertThat(query("SELECT job_id::text FROM plinth.job_delayed")).hasSize(1);
  }

  @Test
  void onlyThePlacesAreBack_thoseOfEndedOrUnknownJobsAreRemoved() {
    JobId done = jobs.enqueue(Kinds.PLAIN, new Number(1));
    execute(
        """
        INSERT INTO plinth.job_attempts (job_id, epoch, attempt, instance_id, started_at, ended_at, outcome)
        SELECT job_id, 1, 1, gen_random_uuid(), now(), now(), 'completed' FROM plinth.job_ready;
        UPDATE plinth.computational_jobs SET status = 'completed', completed_at = now();
        INSERT INTO plinth.job_ready (job_id, queue, priority, type, job_version)
        VALUES (gen_random_uuid(), 'default', 0, 'plain', 1);
        """);

    assertThat(afterRestore().rows("jobs", "rows of jobs that have ended removed from job_ready"))
        .isEqualTo(2);

    assertThat(query("SELECT job_id::text FROM plinth.job_ready")).isEmpty();
    assertThat(jobs.find(done).orElseThrow().status()).isEqualTo(JobStatus.COMPLETED);
  }

  @Test
  void waitingJobs_waitOnAtRaisedEpochs() {
    JobId parent = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobId child = jobs.enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().after(parent));

    assertThat(afterRestore().rows("jobs", "waiting jobs made safe")).isEqualTo(1);

    assertThat(query("SELECT job_id || ' ' || epoch FROM plinth.job_waiting"))
        .containsExactly(child + " " + Restoring.EPOCHS_SKIPPED);
    assertThat(jobs.waitsFor(child)).hasSize(1);
  }

  @Test
  void onlyRecordsAndEdgesAreBack_jobsWithEdgesWaitAgain() {
    JobId parent = jobs.enqueue(Kinds.PLAIN, new Number(1));
    JobId child = jobs.enqueue(Kinds.PLAIN, new Number(2), JobOptions.defaults().after(parent));
    execute("DELETE FROM plinth.job_ready; DELETE FROM plinth.job_waiting");

    assertThat(afterRestore().rows("jobs", "pending jobs with edges made to wait")).isEqualTo(1);

    assertThat(query("SELECT job_id::text FROM plinth.job_waiting"))
        .containsExactly(child.toString());
    assertThat(query("SELECT job_id::text FROM plinth.job_ready"))
        .containsExactly(parent.toString());
  }

  @Test
  void waitingJobsThatHaveEndedOrAreElsewhere_andTheirEdges_areRemoved() {
    JobId parent = jobs.enqueue(Kinds.PLAIN, new Number(1));
    jobs.enqueueAll(
        Kinds.PLAIN, List.of(new Number(2), new Number(3)), JobOptions.defaults().after(parent));
    execute(
        """
        UPDATE plinth.computational_jobs SET status = 'cancelled', completed_at = now()
        WHERE id = (SELECT job_id FROM plinth.job_waiting ORDER BY job_id LIMIT 1);
        INSERT INTO plinth.job_ready (job_id, queue, priority, type, job_version)
        SELECT job_id, queue, priority, type, job_version FROM plinth.job_waiting ORDER BY job_id DESC LIMIT 1;
        """);

    assertThat(
            afterRestore().rows("jobs", "rows of jobs that do not wait removed from job_waiting"))
        .isEqualTo(2);

    assertThat(query("SELECT job_id::text FROM plinth.job_edges")).isEmpty();
    assertThat(query("SELECT job_id::text FROM plinth.job_ready")).hasSize(2);
  }

  private RestoreReport afterRestore() {
    return plinth.afterRestore(RestoreOptions.defaults());
  }

  private void execute(String sql) {
    plinth.transact(tx -> Sql.execute(tx.connection(), sql));
  }

  private List<String> query(String sql) {
    return plinth.transactReturning(tx -> Sql.query(tx.connection(), sql, row -> row.getString(1)));
  }
}
