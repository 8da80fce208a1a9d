package dev.plinth.examples.quickstart;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.restore.RestoreRefusedException;
import dev.plinth.core.restore.RestoreReport;
import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.vault.KeyRing;
import dev.plinth.jobs.Attempt;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobRun;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.LostClaimException;
import dev.plinth.oauth.Fresh;
import dev.plinth.oauth.NeedsConsent;
import dev.plinth.oauth.Tokens;
import dev.plinth.test.BaseBackup;
import dev.plinth.test.OwnServer;
import dev.plinth.test.TestDatabase;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server is backed up while it works, goes on, and is lost; its backup and its archived log are
 * restored to a point in between on another server. A node of the lost time is still alive, and
 * reconnects to the restored one.
 */
class PointInTimeRestoreTest {
  record Work(String name) {}

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final JobType<Work> WORK = JobType.of("work", Work.class);
  private static final JobOptions ELSEWHERE = JobOptions.defaults().queue("nobody looks here");

  @TempDir private Path archive;
  private final RotatingIssuer issuer = new RotatingIssuer();
  private OwnServer server;
  private TestDatabase database;
  private final AtomicReference<String> address = new AtomicReference<>();
  private final Held held = new Held();
  private Plinth old;
  private Jobs oldJobs;
  private Tokens oldTokens;

  /** A handler of the job named {@code long}, which goes on when it is told to. */
  private static final class Held {
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch goOn = new CountDownLatch(1);
    final BlockingQueue<Throwable> refused = new LinkedBlockingQueue<>();
  }

  @BeforeEach
  void start() {
    server =
        OwnServer.create(
            Map.of(
                "fsync", "on",
                "archive_mode", "on",
                "archive_command", "cp \"%p\" \"" + archive + "/%f\""));
    database = server.createDatabase();
    address.set(database.url());
    // A node whose connections can be led elsewhere, as by a DNS name.
    old = on(database, "of the lost time").instanceTimeToLive(Duration.ofMinutes(10)).build();
    old.migrations().migrate();
    execute(old, "CREATE TABLE effects (job text, node text)");
    oldJobs = jobs(old, "of the lost time", held);
    oldTokens = tokens(old);
    old.start();
    oldJobs.start();
  }

  @AfterEach
  void stop() {
    held.goOn.countDown();
    oldJobs.close();
    oldTokens.close();
    old.close();
    server.close();
    issuer.close();
  }

  @Test
  void restored_jobsRunAsPromised_lostTimeIsFencedOut_grantsAreChecked() throws Exception {
    JobId before = oldJobs.enqueue(WORK, new Work("before"));
    awaitStatus(oldJobs, before, JobStatus.COMPLETED);
    JobId running = oldJobs.enqueue(WORK, new Work("long"));
    assertThat(held.begun.await(2, TimeUnit.MINUTES)).isTrue();
    UUID rotated = grant("rotated");
    UUID untouched = grant("untouched");

    try (BaseBackup backup = server.baseBackup()) {
      JobId after = oldJobs.enqueue(WORK, new Work("after"));
      awaitStatus(oldJobs, after, JobStatus.COMPLETED);
      JobId waiting = oldJobs.enqueue(WORK, new Work("waiting"), ELSEWHERE);
      JobId later = oldJobs.enqueue(WORK, new Work("later"), ELSEWHERE.delay(Duration.ofDays(365)));
      query(old, "SELECT pg_create_restore_point('here')");

      // The time that will be lost.
      JobId lost = oldJobs.enqueue(WORK, new Work("lost"));
      awaitStatus(oldJobs, lost, JobStatus.COMPLETED);
      execute(
          old, "UPDATE plinth.oauth2_tokens SET expires_at = now() WHERE user_id = '%s'", rotated);
      assertThat(oldTokens.fresh(rotated, "acme")).isInstanceOf(Fresh.class);
      query(old, "SELECT pg_switch_wal()");
      server.stop();

      try (OwnServer restored =
              OwnServer.restored(
                  backup,
                  Map.of(
                      "archive_mode", "off",
                      "restore_command", "cp \"" + archive + "/%f\" \"%p\"",
                      "recovery_target_name", "here",
                      "recovery_target_action", "promote"));
          TestDatabase there = restored.sameAs(database);
          Plinth node = on(there, "of the new time").build()) {
        awaitPromoted(node);
        assertThat(node.migrations().migrate().isEmpty()).isTrue();

        RestoreReport report = afterRestore(node, there);
        assertThat(report.problems()).isEmpty();
        assertThat(report.rows("core", "instances ended")).isEqualTo(1);
        assertThat(report.rows("jobs", "claims given back")).isEqualTo(1);
        assertThat(report.rows("oauth", "grants to be checked at their next use")).isEqualTo(2);

        Held again = new Held();
        try (Jobs jobs = jobs(node, "of the new time", again);
            Tokens tokens = tokens(node)) {
          node.start();
          jobs.start();

          assertThat(again.begun.await(2, TimeUnit.MINUTES)).as("it runs again").isTrue();
          address.set(there.url());
          held.goOn.countDown();
          assertThat(held.refused.poll(2, TimeUnit.MINUTES))
              .as("the node of the lost time, whose claim is the old one")
              .isInstanceOf(LostClaimException.class);
          again.goOn.countDown();
          awaitStatus(jobs, running, JobStatus.COMPLETED);

          List<Attempt> attempts = jobs.attempts(running);
          assertThat(attempts)
              .extracting(Attempt::outcome)
              .last()
              .isEqualTo(Attempt.Outcome.COMPLETED);
          assertThat(attempts.get(0).outcome()).isEqualTo(Attempt.Outcome.RELEASED);
          assertThat(attempts.get(attempts.size() - 1).epoch())
              .isGreaterThan(Restoring.EPOCHS_SKIPPED);
          for (JobId done : List.of(before, after)) {
            assertThat(jobs.attempts(done)).hasSize(1);
          }
          assertThat(jobs.find(waiting).orElseThrow().status()).isEqualTo(JobStatus.READY);
          assertThat(jobs.find(later).orElseThrow().status()).isEqualTo(JobStatus.SCHEDULED);
          assertThat(jobs.find(lost)).isEmpty();
          assertThat(jobs.check()).isEmpty();
          assertThat(query(node, "SELECT job || ' by node ' || node FROM effects ORDER BY 1"))
              .containsExactly(
                  "after by node of the lost time",
                  "before by node of the lost time",
                  "long by node of the new time");

          assertThat(tokens.fresh(rotated, "acme"))
              .as("its refresh token was spent in the lost time")
              .isInstanceOf(NeedsConsent.class);
          assertThat(tokens.fresh(untouched, "acme")).isInstanceOf(Fresh.class);
          assertThat(
                  query(
                      node,
                      "SELECT metadata ->> 'jobs: claims given back' FROM plinth.audit_actions"
                          + " WHERE action = 'database.restored'"))
              .containsExactly("1");
        }
      }
    }
  }

  /**
   * The instance of the lost time is alive by the restored database's clock until that moves on.
   */
  private static RestoreReport afterRestore(Plinth node, TestDatabase there) {
    assertThatThrownBy(() -> node.afterRestore(RestoreOptions.defaults()))
        .isInstanceOf(RestoreRefusedException.class)
        .hasMessageContaining("of the lost time");
    there.clock().advance(Duration.ofMinutes(11));
    return node.afterRestore(RestoreOptions.defaults());
  }

  private PlinthBuilder on(TestDatabase where, String name) {
    boolean movable = where == database;
    return Plinth.builder()
        .connectionSource(() -> DriverManager.getConnection(movable ? address.get() : where.url()))
        .schema(where.schema("plinth"))
        .clock(where.clock())
        .keys(KeyRing.of("test", "Thirty-two bytes for every test.".getBytes(US_ASCII)))
        .withoutNotifications()
        .nodeName(name);
  }

  private static Jobs jobs(Plinth plinth, String node, Held held) {
    return Jobs.builder(plinth)
        .handle(WORK, (work, run) -> work(plinth, node, held, work, run))
        .workers(2)
        .pollInterval(Duration.ofMillis(100))
        .gracePeriod(Duration.ZERO)
        .build();
  }

  private static void work(Plinth plinth, String node, Held held, Work work, JobRun run)
      throws InterruptedException {
    if (work.name().equals("long")) {
      held.begun.countDown();
      held.goOn.await();
    }
    Throwable thrown =
        catchThrowable(
            () ->
                plinth.transact(
                    tx -> {
                      run.completeIn(tx);
                      Sql.update(
                          tx.connection(), "INSERT INTO effects VALUES (?, ?)", work.name(), node);
                    }));
    if (thrown != null) {
      held.refused.add(thrown);
    }
  }

  private Tokens tokens(Plinth plinth) {
    return Tokens.builder(plinth)
        .provider(issuer.provider())
        .lease(Duration.ofMinutes(3))
        .patience(Duration.ofMinutes(4))
        .build();
  }

  private UUID grant(String name) {
    UUID user = old.users().create(NewUser.withExternalId(name)).id();
    oldTokens.store(user, "acme", issuer.consent());
    return user;
  }

  private static void awaitStatus(Jobs jobs, JobId id, JobStatus status) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(jobs.find(id).orElseThrow().status()).isEqualTo(status));
  }

  private static void awaitPromoted(Plinth plinth) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(query(plinth, "SELECT pg_is_in_recovery()")).containsExactly("f"));
  }

  private static void execute(Plinth plinth, String sql, Object... parameters) {
    plinth.transact(tx -> Sql.execute(tx.connection(), sql.formatted(parameters)));
  }

  private static List<String> query(Plinth plinth, String sql) {
    return plinth.transactReturning(
        tx -> Sql.query(tx.connection(), sql, row -> String.valueOf(row.getString(1))));
  }
}
