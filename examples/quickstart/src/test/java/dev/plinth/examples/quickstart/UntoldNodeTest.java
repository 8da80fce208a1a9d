package dev.plinth.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobRun;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Row-level security applied in the wrong order, under a node that was not told of it. */
class UntoldNodeTest {
  record Work(String what) {}

  private static final JobType<Work> WORK = JobType.of("work", Work.class);

  private final CountDownLatch running = new CountDownLatch(2);
  private final CountDownLatch applied = new CountDownLatch(1);

  @Test
  void jobsUnderWay_policiesAppliedBeforeTheNodeIsTold_runOnANodeThatIs() throws Exception {
    String role = "untold_" + UUID.randomUUID().toString().replace("-", "");
    try (TestDatabase database = TestDatabase.create();
        Plinth owner = Plinth.builder().dataSource(database.pool(2)).build()) {
      owner.migrations().migrate();
      owner.transact(
          tx -> {
            Sql.execute(tx.connection(), "CREATE ROLE " + role);
            owner.migrations().grants(role).forEach(grant -> Sql.execute(tx.connection(), grant));
          });
      try (HikariDataSource pool = pool(database, role)) {
        JobId[] ids = new JobId[3];
        Duration timeToLive = Duration.ofSeconds(4); // a quarter of it between rescues
        try (Plinth untold =
            Plinth.builder().dataSource(pool).instanceTimeToLive(timeToLive).build()) {
          untold.start();
          try (Jobs jobs = jobs(untold)) {
            jobs.start();
            ids[0] = enqueue(untold, jobs, "complete");
            ids[1] = enqueue(untold, jobs, "fail");
            assertThat(running.await(2, TimeUnit.MINUTES)).isTrue();
            ids[2] = enqueueOnADeadNode(owner, jobs);
            owner.migrations().optional("row_level_security").apply();
            applied.countDown();
            // Time for its tries, rescues included; with less of it this test proves less.
            await().pollDelay(Duration.ofMillis(2_500)).until(() -> true);
          }
        }
        try (Plinth told = Plinth.builder().dataSource(pool).rowLevelSecurity().build()) {
          told.start();
          try (Jobs jobs = jobs(told)) {
            jobs.start();
            for (JobId id : ids) {
              awaitCompleted(told, jobs, id);
            }
            assertThat(jobs.check()).isEmpty();
          }
        }
      } finally {
        owner.transact(
            tx -> {
              Sql.execute(tx.connection(), "DROP OWNED BY " + role);
              Sql.execute(tx.connection(), "DROP ROLE " + role);
            });
      }
    }
  }

  private void run(Work work, JobRun run) throws InterruptedException {
    running.countDown();
    assertThat(applied.await(2, TimeUnit.MINUTES)).isTrue();
    if (work.what().equals("fail") && run.epoch() == 1) {
      throw new IllegalStateException("as told");
    }
  }

  private Jobs jobs(Plinth plinth) {
    return Jobs.builder(plinth)
        .handle(WORK, this::run)
        .pollInterval(Duration.ofMillis(100))
        .gracePeriod(Duration.ofMillis(100))
        .build();
  }

  private static JobId enqueue(Plinth plinth, Jobs jobs, String what) {
    return as(plinth, tx -> jobs.in(tx).enqueue(WORK, new Work(what)));
  }

  /** Claimed by an instance that is no more, in the transaction that enqueues it. */
  private static JobId enqueueOnADeadNode(Plinth owner, Jobs jobs) {
    return as(
        owner,
        tx -> {
          JobId id = jobs.in(tx).enqueue(WORK, new Work("rescue"), JobOptions.defaults());
          Sql.update(
              tx.connection(),
              """
              WITH taken AS (
                DELETE FROM plinth.job_ready
                WHERE job_id = ?
                RETURNING *)
              INSERT INTO plinth.job_leases
                (job_id, epoch, instance_id, claimed_at, queue, priority, type, job_version, attempt,
                 claimer)
              SELECT job_id, 1, gen_random_uuid(), now(), queue, priority, type, job_version, attempt,
                     gen_random_uuid()
              FROM taken
              """,
              id.value());
          return id;
        });
  }

  private static void awaitCompleted(Plinth plinth, Jobs jobs, JobId id) {
    await()
        .atMost(Duration.ofMinutes(2))
        .until(
            () ->
                as(plinth, tx -> jobs.in(tx).find(id)).orElseThrow().status()
                    == JobStatus.COMPLETED);
  }

  private static <T> T as(Plinth plinth, TxFunction<T, RuntimeException> work) {
    return plinth.transactReturning(TxOptions.defaults().withTenant("acme"), work);
  }

  private static HikariDataSource pool(TestDatabase database, String role) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setConnectionInitSql("SET ROLE " + role);
    config.setMaximumPoolSize(8);
    return new HikariDataSource(config);
  }
}
