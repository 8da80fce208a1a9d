package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.restore.RestoreReport;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The tables of unique keys, cancellation and deadlines: broken, restored, and tidied. */
@PlinthTest
class ControlTablesTest {
  private Plinth plinth;
  private Jobs jobs;

  @BeforeEach
  void inject(Plinth plinth, Jobs jobs) {
    this.plinth = plinth;
    this.jobs = jobs;
  }

  private void execute(String sql) {
    plinth.transact(tx -> Sql.execute(tx.connection(), sql));
  }

  private List<String> query(String sql) {
    return plinth.transactReturning(tx -> Sql.query(tx.connection(), sql, row -> row.getString(1)));
  }

  private static JobOptions unique(String key) {
    return JobOptions.defaults().unique(Unique.byKey(key));
  }

  @Test
  void check_brokenRows_namesThem(SettableClock clock) {
    JobOptions options = unique("k").deadline(clock.instant().plus(Duration.ofHours(1)));
    JobId id = jobs.enqueue(Kinds.PLAIN, new Number(1), options);
    JobId ended = jobs.enqueue(Kinds.PLAIN, new Number(2), unique("l"));
    execute("DELETE FROM plinth.job_deadlines");
    plinth.transact(
        tx -> {
          Sql.execute(
              tx.connection(),
              "CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM plinth.job_unique");
          jobs.in(tx).cancel(ended);
          Sql.execute(
              tx.connection(),
              "INSERT INTO plinth.job_unique SELECT * FROM kept ON CONFLICT DO NOTHING");
          Sql.execute(
              tx.connection(),
              "UPDATE plinth.computational_jobs SET holds_key = NULL WHERE status = 'pending'");
          Sql.update(
              tx.connection(),
              "INSERT INTO plinth.job_cancels VALUES (?, now() - interval '1 hour', NULL, NULL)",
              ended.value());
        });
    clock.advance(Duration.ofMinutes(2));

    assertThat(jobs.check())
        .extracting(fault -> fault.invariant() + " " + fault.subject())
        .containsExactlyInAnyOrder(
            "unique-keys-freed " + ended,
            "unique-keys-marked " + id,
            "cancel-requests-of-the-living " + ended,
            "deadlines-looked-at " + id);
  }

  @Test
  void restored_keysWishesAndDeadlinesAreMadeToFit(TestDatabase database, SettableClock clock) {
    JobId pending =
        jobs.enqueue(
            Kinds.PLAIN,
            new Number(1),
            unique("k").deadline(clock.instant().plus(Duration.ofHours(1))));
    JobId ended = jobs.enqueue(Kinds.PLAIN, new Number(2));
    JobId unwanted = jobs.enqueue(Kinds.OTHER, new Number(3));
    jobs.cancel(ended);
    execute("DELETE FROM plinth.job_deadlines");
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "INSERT INTO plinth.job_cancels VALUES (?, now(), NULL, 'a'), (?, now(), NULL, 'b')",
                ended.value(),
                unwanted.value()));
    plinth.transact(
        tx ->
            Sql.update(
                tx.connection(),
                "INSERT INTO plinth.job_unique VALUES ('\\x00', 0, ?, '{running}', NULL)",
                ended.value()));

    RestoreReport report;
    try (Plinth restorer = database.plinth(database.pool(2)).build()) {
      report = restorer.afterRestore(RestoreOptions.defaults());
    }

    assertThat(report.rows("jobs", "keys of jobs that have ended removed")).isEqualTo(1);
    assertThat(report.rows("jobs", "wishes to cancel jobs that have ended removed")).isEqualTo(1);
    assertThat(report.rows("jobs", "deadlines of pending jobs noted")).isEqualTo(1);
    assertThat(jobs.enqueue(Kinds.PLAIN, new Number(1), unique("k"))).isEqualTo(pending);
    assertThat(jobs.check()).isEmpty();
    try (Plinth node = database.plinth(database.pool(4)).build();
        Jobs runner = Jobs.builder(node).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      runner.start();
      await().until(() -> jobs.find(unwanted).orElseThrow().status() == JobStatus.CANCELLED);
    }
  }

  @Test
  void windowsThatAreOver_andKeysOfPrunedJobs_areRemoved(SettableClock clock) {
    jobs.enqueue(
        Kinds.OTHER,
        new Number(1),
        JobOptions.defaults().unique(Unique.byKey("k").within(Duration.ofHours(1))));
    jobs.enqueue(Kinds.OTHER, new Number(2), unique("kept"));
    execute(
        "INSERT INTO plinth.job_unique VALUES ('\\x00', 0, gen_random_uuid(), '{running}', NULL)");
    clock.advance(Duration.ofHours(2));
    try (Jobs runner = Jobs.builder(plinth).handle(Kinds.PLAIN, (args, run) -> {}).build()) {
      runner.start();
      await().until(() -> query("SELECT job_id FROM plinth.job_unique").size() == 1);
    }
    assertThat(jobs.enqueueOrFind(Kinds.OTHER, new Number(3), unique("kept")))
        .isInstanceOf(Enqueued.Duplicate.class);
  }
}
