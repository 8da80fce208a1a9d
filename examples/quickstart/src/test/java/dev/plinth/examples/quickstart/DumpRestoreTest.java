package dev.plinth.examples.quickstart;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.restore.RestoreReport;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.vault.KeyRing;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.quota.Quotas;
import dev.plinth.test.OwnServer;
import dev.plinth.test.PostgresBinaries;
import dev.plinth.test.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code pg_dump} and {@code pg_restore}, with the commands of {@code docs/backup.md}. Needs an
 * installed PostgreSQL, since the embedded one has neither.
 */
class DumpRestoreTest {
  record Work(String name) {}

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final JobType<Work> WORK = JobType.of("work", Work.class);

  @TempDir private Path folder;
  private PostgresBinaries binaries;
  private OwnServer server;
  private TestDatabase database;
  private Plinth plinth;

  @BeforeEach
  void start() {
    Optional<PostgresBinaries> installed = PostgresBinaries.installed();
    assumeTrue(
        installed.isPresent(),
        "No pg_dump here: install PostgreSQL, or set PLINTH_TEST_PG_BIN to the folder of its"
            + " programs");
    binaries = installed.get();
    server = OwnServer.create(binaries, Map.of());
    database = server.createDatabase();
    plinth = on(database);
    plinth.migrations().migrate();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      plinth.close();
      database.close();
      server.close();
    }
  }

  @Test
  void dumpedWhileItWorks_restoredOnAnotherServer_goesOn() throws Exception {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    Path dump = folder.resolve("shop.dump");
    JobId running;
    JobId done;
    try (Jobs jobs =
        jobs(
            plinth,
            work -> {
              if (work.name().equals("running")) {
                begun.countDown();
                never.await();
              }
            })) {
      plinth.start();
      jobs.start();
      done = jobs.enqueue(WORK, new Work("done"));
      awaitCompleted(jobs, done);
      running = jobs.enqueue(WORK, new Work("running"), JobOptions.defaults().user(user));
      assertThat(begun.await(2, TimeUnit.MINUTES)).isTrue();

      run("pg_dump", server, "--format=custom", "--file=" + dump, "--dbname=" + name(database));
    }

    List<String> ran = Collections.synchronizedList(new ArrayList<>());
    try (OwnServer other = OwnServer.create(binaries, Map.of());
        TestDatabase there = other.createDatabase()) {
      run(
          "pg_restore",
          other,
          "--clean",
          "--if-exists",
          "--exit-on-error",
          "--dbname=" + name(there),
          dump.toString());
      there.clock().advance(Duration.ofMinutes(1));
      try (Plinth node = on(there)) {
        assertThat(node.migrations().migrate().isEmpty()).isTrue();
        RestoreReport report = node.afterRestore(RestoreOptions.defaults());
        assertThat(report.problems()).isEmpty();
        assertThat(report.rows("core", "instances ended")).isEqualTo(1);
        assertThat(report.rows("jobs", "claims given back")).isEqualTo(1);

        try (Jobs jobs = jobs(node, work -> ran.add(work.name()))) {
          node.start();
          jobs.start();
          awaitCompleted(jobs, running);
          assertThat(ran).containsExactly("running");
          assertThat(jobs.attempts(done)).hasSize(1);
          assertThat(jobs.check()).isEmpty();
        }
        assertThat(node.users().find(user)).isPresent();
      }
    }
  }

  @Test
  void oneTableFromADump_rowsThatWereDeletedAreBackAndAtWork() throws Exception {
    UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
    Path dump = folder.resolve("shop.dump");
    Path rows = folder.resolve("rows");
    JobId job;
    try (Jobs jobs = Jobs.create(plinth);
        Quotas quotas = Quotas.create(plinth)) {
      quotas.setCap(user, "storage_mb", 77);
      job = jobs.enqueue(WORK, new Work("deleted by mistake"));
    }
    run("pg_dump", server, "--format=custom", "--file=" + dump, "--dbname=" + name(database));
    execute(
        """
        DELETE FROM plinth.job_ready;
        DELETE FROM plinth.computational_jobs;
        UPDATE plinth.user_usage SET cap = 1, cap_version = 0, cap_overridden = false;
        """);

    run("createdb", server, "scratch");
    run("pg_restore", server, "--dbname=scratch", dump.toString());
    run(
        "psql",
        server,
        "--dbname=scratch",
        "--command=\\copy (SELECT * FROM plinth.computational_jobs) TO '" + rows + "'");
    run(
        "psql",
        server,
        "--dbname=" + name(database),
        "--command=\\copy plinth.computational_jobs FROM '" + rows + "'");
    run("dropdb", server, "scratch");

    RestoreReport report = plinth.afterRestore(RestoreOptions.defaults());
    assertThat(report.rows("jobs", "pending jobs put back in line")).isEqualTo(1);
    assertThat(report.rows("quota", "caps set as their history says")).isEqualTo(1);
    List<String> ran = Collections.synchronizedList(new ArrayList<>());
    try (Jobs jobs = jobs(plinth, work -> ran.add(work.name()))) {
      plinth.start();
      jobs.start();
      awaitCompleted(jobs, job);
      assertThat(jobs.check()).isEmpty();
    }
    assertThat(ran).containsExactly("deleted by mistake");
  }

  private interface Handler {
    void handle(Work work) throws Exception;
  }

  private static Jobs jobs(Plinth plinth, Handler handler) {
    return Jobs.builder(plinth)
        .handle(WORK, (work, run) -> handler.handle(work))
        .workers(2)
        .pollInterval(Duration.ofMillis(100))
        .gracePeriod(Duration.ZERO)
        .build();
  }

  private static Plinth on(TestDatabase where) {
    return Plinth.builder()
        .dataSource(where.pool(5))
        .schema(where.schema("plinth"))
        .clock(where.clock())
        .keys(KeyRing.of("test", "Thirty-two bytes for every test.".getBytes(US_ASCII)))
        .build();
  }

  private void run(String program, OwnServer on, String... arguments) {
    List<String> all =
        new ArrayList<>(List.of("--host=127.0.0.1", "--port=" + on.port(), "--username=postgres"));
    all.addAll(List.of(arguments));
    binaries.run(Map.of(), program, all);
  }

  private static String name(TestDatabase of) {
    return of.url().replaceFirst(".*/", "").replaceFirst("\\?.*", "");
  }

  private void execute(String sql) {
    plinth.transact(tx -> Sql.execute(tx.connection(), sql));
  }

  private static void awaitCompleted(Jobs jobs, JobId id) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(jobs.find(id).orElseThrow().status()).isEqualTo(JobStatus.COMPLETED));
  }
}
