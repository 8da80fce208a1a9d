package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.health.Health;
import dev.plinth.core.health.HealthReading;
import dev.plinth.core.health.HealthStatus;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

@PlinthTest
class JobsHealthTest {
  @Test
  void oldestDue_nothingDue_isZero(Plinth plinth, Jobs jobs) {
    jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().delay(Duration.ofHours(3)));

    assertThat(oldestDue(plinth)).isZero();
  }

  @Test
  void oldestDue_readyAndDelayedJobs_isTheAgeOfTheOldest(
      Plinth plinth, Jobs jobs, SettableClock clock) {
    jobs.enqueue(Kinds.PLAIN, new Number(1), JobOptions.defaults().delay(Duration.ofMinutes(10)));
    clock.advance(Duration.ofHours(1));
    assertThat(oldestDue(plinth)).isBetween(3000.0, 3500.0);

    jobs.enqueue(Kinds.PLAIN, new Number(2));
    clock.advance(Duration.ofHours(1));
    assertThat(oldestDue(plinth)).isBetween(6600.0, 7100.0);
  }

  @Test
  void deadRows_pinnedByAnOldSnapshot_theSessionIsNamed(Plinth plinth, TestDatabase database)
      throws SQLException {
    try (Connection reader = database.connect();
        Connection busy = database.connect()) {
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      reader.setAutoCommit(false);
      int pid = Sql.query(reader, "SELECT pg_backend_pid()", row -> row.getInt(1)).get(0);
      Sql.execute(
          busy,
          """
          INSERT INTO plinth.job_delayed (job_id, run_at, queue, priority, type, job_version)
          SELECT gen_random_uuid(), now() + interval '1 day', 'q', 0, 't', 1
          FROM generate_series(1, 100500)
          """);
      Sql.execute(busy, "DELETE FROM plinth.job_delayed");
      Sql.execute(
          busy,
          "DO $$ BEGIN FOR i IN 1 .. 10100 LOOP"
              + " PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$");

      await()
          .untilAsserted(
              () ->
                  assertThat(plinth.health(Duration.ofMinutes(1)).findings())
                      .singleElement()
                      .satisfies(
                          finding -> {
                            assertThat(finding.part()).isEqualTo("jobs.dead_rows");
                            assertThat(finding.status()).isEqualTo(HealthStatus.DEGRADED);
                            assertThat(finding.message())
                                .contains("most of them job_delayed")
                                .contains("the session " + pid)
                                .contains("pg_terminate_backend(" + pid + ")");
                          }));
      reader.rollback();
    }
    await().until(() -> plinth.health(Duration.ofMinutes(1)).findings().isEmpty());
  }

  @Test
  void countsThatNobodyFolds_areToldWhereSomebodyWorks(Plinth plinth) {
    plinth.start();
    run(
        plinth,
        """
        INSERT INTO plinth.job_count_deltas
          (ended_at, queue, type, outcome, run_class, attempts, run_ms, run_ms_max,
           waits, wait_ms, wait_ms_max)
        VALUES (now() - interval '10 minutes', 'q', 't', 'failed', 0, 3, 0, 0, 0, 0, 0)
        """);
    assertThat(reading(plinth, "jobs.dead_letters").value()).isEqualTo(3);
    assertThat(reading(plinth, "jobs.uncounted").value()).isGreaterThanOrEqualTo(600);
    assertThat(reading(plinth, "jobs.uncounted").status()).isEqualTo(HealthStatus.UP);

    run(
        plinth,
        """
        INSERT INTO plinth.job_handlers
          (claimer, instance_id, queues, types, versions, workers, registered_at)
        SELECT id, id, '{}', '{}', '{}', 1, now()
        FROM plinth.instances
        WHERE ended_at IS NULL
        """);
    assertThat(reading(plinth, "jobs.uncounted").status()).isEqualTo(HealthStatus.DEGRADED);
  }

  private static void run(Plinth plinth, String sql) {
    plinth.transact(tx -> Sql.update(tx.connection(), sql));
  }

  private static HealthReading reading(Plinth plinth, String name) {
    return plinth.health(Duration.ofMinutes(1)).readings().stream()
        .filter(reading -> reading.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static double oldestDue(Plinth plinth) {
    Health health = plinth.health(Duration.ofMinutes(1));
    assertThat(health.findings()).isEmpty();
    assertThat(health.readings())
        .extracting(HealthReading::name)
        .contains("core.api_keys_expiring", "jobs.oldest_due");
    return health.readings().stream()
        .filter(reading -> reading.name().equals("jobs.oldest_due"))
        .mapToDouble(HealthReading::value)
        .sum();
  }
}
