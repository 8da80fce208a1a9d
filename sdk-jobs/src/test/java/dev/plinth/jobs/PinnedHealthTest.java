package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.health.HealthReading;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.ReplicatedDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Health names what keeps dead rows, other than a session here. */
@Tag("proof")
class PinnedHealthTest {
  private static final String SLOT = "replica_1";

  @Test
  void deadRows_pinnedByATransactionAReplicaOrASlot_theCulpritIsNamed() throws Exception {
    try (ReplicatedDatabase replicated = ReplicatedDatabase.create();
        HikariDataSource pool = replicated.database().pool(3);
        Plinth plinth = replicated.database().plinth(pool).build();
        Connection primary = replicated.database().connect()) {
      // The dead rows stay; who pins them changes.
      set(primary, "autovacuum = off");
      execute(primary, "BEGIN", "SELECT pg_current_xact_id()", "PREPARE TRANSACTION 'left behind'");
      makeDeadRows(primary);
      grow(primary);
      assertNamed(
          plinth, "the prepared transaction left behind", "ROLLBACK PREPARED it by that name");
      execute(primary, "ROLLBACK PREPARED 'left behind'");
      replicated.awaitReplay();

      try (Connection replica = DriverManager.getConnection(replicated.replicaUrl());
          Connection reader = DriverManager.getConnection(replicated.replicaUrl())) {
        set(replica, "hot_standby_feedback = on");
        set(replica, "wal_receiver_status_interval = '1s'");
        execute(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1");
        // Its snapshot must have arrived before it grows old.
        awaitTrue(primary, "SELECT count(backend_xmin) = 1 FROM pg_stat_replication");
        grow(primary);
        assertNamed(
            plinth,
            "a query on the replica walreceiver, through hot_standby_feedback,",
            "end it there, or switch hot_standby_feedback off");

        execute(primary, "SELECT pg_create_physical_replication_slot('" + SLOT + "')");
        set(replica, "primary_slot_name = '" + SLOT + "'");
        awaitTrue(primary, "SELECT active AND xmin IS NOT NULL FROM pg_replication_slots");
        assertNamed(
            plinth,
            "a query on the replica walreceiver, through hot_standby_feedback and its replication"
                + " slot replica_1,",
            "end it there, or switch hot_standby_feedback off");
      }

      replicated.stopReplica();
      awaitTrue(primary, "SELECT NOT active FROM pg_replication_slots");
      assertNamed(
          plinth,
          "the replication slot replica_1,",
          "drop it if nobody comes back for it: SELECT pg_drop_replication_slot('replica_1')");
      execute(primary, "SELECT pg_drop_replication_slot('" + SLOT + "')");
      assertThat(deadRows(plinth).advice()).isEmpty();
    }
  }

  private static void assertNamed(Plinth plinth, String culprit, String remedy) {
    await()
        .untilAsserted(
            () ->
                assertThat(deadRows(plinth).advice())
                    .contains("because of " + culprit)
                    .endsWith(remedy));
  }

  private static HealthReading deadRows(Plinth plinth) {
    return plinth.health(Duration.ofMinutes(1)).readings().stream()
        .filter(reading -> reading.name().equals("jobs.dead_rows"))
        .findFirst()
        .orElseThrow();
  }

  private static void makeDeadRows(Connection connection) throws SQLException {
    execute(
        connection,
        """
        INSERT INTO plinth.job_delayed (job_id, run_at, queue, priority, type, job_version)
        SELECT gen_random_uuid(), now() + interval '1 day', 'q', 0, 't', 1
        FROM generate_series(1, 100500)
        """,
        "DELETE FROM plinth.job_delayed");
    // PostgreSQL 14 reports what a session did when a later command of that session has ended.
    awaitTrue(
        connection,
        "SELECT n_dead_tup > 100000 FROM pg_stat_all_tables WHERE relname = 'job_delayed'");
  }

  /** By so many transactions that what is held from before is old. */
  private static void grow(Connection connection) {
    execute(
        connection,
        "DO $$ BEGIN FOR i IN 1 .. 10100 LOOP"
            + " PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$");
  }

  private static void set(Connection connection, String setting) {
    execute(connection, "ALTER SYSTEM SET " + setting, "SELECT pg_reload_conf()");
  }

  private static void execute(Connection connection, String... statements) {
    for (String statement : statements) {
      Sql.execute(connection, statement);
    }
  }

  private static void awaitTrue(Connection connection, String query) throws SQLException {
    await()
        .ignoreExceptions()
        .until(() -> Sql.query(connection, query, row -> row.getBoolean(1)).get(0));
  }
}
