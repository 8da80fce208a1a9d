package dev.plinth.core.diagnostics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.diagnostics.Diagnostics.HorizonHolder.Kind;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** Each thing that diagnostics tell of is brought about, and looked for. */
@PlinthTest
class DiagnosticsTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @Test
  void quietDatabase_tellsSizesAndWhatIsMissing(Plinth plinth) {
    Diagnostics found = plinth.diagnostics();

    assertThat(found.database().name()).startsWith("plinth_test_");
    assertThat(found.database().bytes()).isGreaterThan(1_000_000);
    assertThat(found.database().oldestTransactionAge()).isPositive();
    assertThat(found.tables())
        .extracting(Diagnostics.Table::name)
        .contains("users", "instances", "maintenance_tasks")
        .doesNotHaveDuplicates();
    assertThat(found.tables())
        .filteredOn(table -> table.name().equals("users"))
        .singleElement()
        .satisfies(
            users -> {
              assertThat(users.partitions()).isZero();
              assertThat(users.totalBytes())
                  .isGreaterThanOrEqualTo(users.tableBytes() + users.indexBytes());
              assertThat(users.indexBytes()).isPositive();
            });
    assertThat(found.connections().active()).isPositive();
    assertThat(found.connections().unknown()).isZero();
    assertThat(found.connections().max()).isPositive();
    assertThat(found.unusedIndexes())
        .extracting(Diagnostics.UnusedIndex::name)
        .isNotEmpty()
        .noneMatch(name -> name.endsWith("_pkey"));
    assertThat(found.missing())
        .singleElement()
        .satisfies(text -> assertThat(text).contains("pg_stat_statements"));
  }

  @Test
  void partitionedTable_isOneLineWithItsPartitionsSummed(Plinth plinth) {
    plinth.transact(
        tx ->
            Sql.execute(
                tx.connection(),
                """
                CREATE TABLE plinth.parted (id int, text text) PARTITION BY RANGE (id);
                CREATE TABLE plinth.parted_1 PARTITION OF plinth.parted FOR VALUES FROM (0) TO (100);
                CREATE TABLE plinth.parted_2 PARTITION OF plinth.parted FOR VALUES FROM (100) TO (200);
                CREATE INDEX parted_text ON plinth.parted (text);
                INSERT INTO plinth.parted SELECT n, repeat('x', 1000) FROM generate_series(0, 199) n;
                """));
    try {
      Diagnostics found = plinth.diagnostics();

      assertThat(found.tables())
          .filteredOn(table -> table.name().startsWith("parted"))
          .singleElement()
          .satisfies(
              table -> {
                assertThat(table.name()).isEqualTo("parted");
                assertThat(table.partitions()).isEqualTo(2);
                assertThat(table.tableBytes()).isGreaterThan(200_000);
              });
      assertThat(found.unusedIndexes())
          .filteredOn(index -> index.table().equals("parted"))
          .singleElement()
          .satisfies(
              index -> {
                assertThat(index.name()).isEqualTo("parted_text");
                assertThat(index.bytes()).isGreaterThan(16_000);
              });
    } finally {
      plinth.transact(tx -> Sql.execute(tx.connection(), "DROP TABLE plinth.parted"));
    }
  }

  @Test
  void deletedRows_areDeadUntilVacuumed(Plinth plinth, TestDatabase database) throws SQLException {
    try (Connection connection = database.connect()) {
      Sql.execute(
          connection,
          """
          CREATE TABLE plinth.mortal (id int) PARTITION BY RANGE (id);
          CREATE TABLE plinth.mortal_1 PARTITION OF plinth.mortal FOR VALUES FROM (0) TO (100)
            WITH (autovacuum_enabled = false);
          CREATE TABLE plinth.mortal_2 PARTITION OF plinth.mortal FOR VALUES FROM (100) TO (200)
            WITH (autovacuum_enabled = false);
          INSERT INTO plinth.mortal SELECT generate_series(0, 199);
          DELETE FROM plinth.mortal WHERE id % 10 < 3;
          """);
    }
    try (Connection connection = database.connect()) {
      // The server's processes report what they did at the latest when they end.
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(table(plinth, "mortal"))
                      .satisfies(
                          table -> {
                            assertThat(table.deadRows()).isEqualTo(60);
                            assertThat(table.liveRows()).isEqualTo(140);
                            assertThat(table.vacuumedAt()).isNull();
                          }));

      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                // Another test's snapshot may still keep them.
                Sql.execute(connection, "VACUUM plinth.mortal_1, plinth.mortal_2");
                assertThat(table(plinth, "mortal").deadRows()).isZero();
              });
      assertThat(table(plinth, "mortal").vacuumedAt()).isNotNull();
      Sql.execute(connection, "DROP TABLE plinth.mortal");
    }
  }

  private static Diagnostics.Table table(Plinth plinth, String name) {
    return plinth.diagnostics().tables().stream()
        .filter(table -> table.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void sessions_areCountedByWhatTheyDo(Plinth plinth, TestDatabase database) {
    // Again when one of before has ended meanwhile.
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              Diagnostics.Connections before = plinth.diagnostics().connections();
              try (Connection first = database.connect();
                  Connection second = database.connect();
                  Connection open = database.connect()) {
                open.setAutoCommit(false);
                assertThat(List.of(pid(first), pid(second), pid(open))).doesNotHaveDuplicates();

                Diagnostics.Connections found = plinth.diagnostics().connections();

                assertThat(found.idle()).isEqualTo(before.idle() + 2);
                assertThat(found.idleInTransaction()).isEqualTo(before.idleInTransaction() + 1);
                assertThat(found.active()).as("the one that asks").isEqualTo(1);
              }
            });
  }

  @Test
  void openTransaction_isLongestAndPinsTheHorizon(Plinth plinth, DataSource host)
      throws SQLException {
    try (Connection open = host.getConnection()) {
      open.setAutoCommit(false);
      open.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      int pid = pid(open);
      for (int i = 0; i < 5; i++) {
        plinth.users().create(NewUser.withExternalId("x" + i));
      }

      Diagnostics found = plinth.diagnostics();

      assertThat(found.longestTransactions())
          .anySatisfy(
              each -> {
                assertThat(each.pid()).isEqualTo(pid);
                assertThat(each.state()).isEqualTo("idle in transaction");
                assertThat(each.age()).isPositive();
              });
      assertThat(found.connections().idleInTransaction()).isPositive();
      assertThat(found.horizon())
          .anySatisfy(
              each -> {
                assertThat(each.kind()).isEqualTo(Kind.SESSION);
                assertThat(each.name()).isEqualTo(Integer.toString(pid));
                assertThat(each.age()).isGreaterThanOrEqualTo(5);
              });
      open.rollback();
    }
  }

  @Test
  void lockWait_tellsWhoWaitsForWhom(Plinth plinth, DataSource host) throws Exception {
    try (Connection holder = host.getConnection();
        Connection waiter = host.getConnection()) {
      holder.setAutoCommit(false);
      int holding = pid(holder);
      int waiting = pid(waiter);
      Sql.execute(holder, "LOCK TABLE plinth.users IN ACCESS EXCLUSIVE MODE");
      CompletableFuture<Integer> blocked =
          CompletableFuture.supplyAsync(
              () ->
                  Sql.query(waiter, "SELECT count(*) FROM plinth.users", row -> row.getInt(1))
                      .get(0),
              task -> new Thread(task).start());
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(plinth.diagnostics().lockWaits())
                      .anySatisfy(
                          wait -> {
                            assertThat(wait.pid()).isEqualTo(waiting);
                            assertThat(wait.blockedBy()).containsExactly(holding);
                            assertThat(wait.table()).isEqualTo("users");
                            assertThat(wait.mode()).isEqualTo("AccessShareLock");
                          }));
      Diagnostics found = plinth.diagnostics();
      assertThat(found.database()).isNotNull();
      assertThat(found.missing())
          .anySatisfy(text -> assertThat(text).startsWith("sizes of tables").contains("lock"));
      holder.rollback();
      assertThat(blocked.get(1, TimeUnit.MINUTES)).isZero();
    }
  }

  @Test
  void slot_isToldWithWhatItRetains(Plinth plinth, TestDatabase database) throws SQLException {
    String name = "plinth_diagnostics_" + ProcessHandle.current().pid();
    try (Connection connection = database.connect()) {
      Sql.query(
          connection, "SELECT pg_create_physical_replication_slot(?, true)", row -> true, name);
      try {
        assertThat(plinth.diagnostics().slots())
            .anySatisfy(
                slot -> {
                  assertThat(slot.name()).isEqualTo(name);
                  assertThat(slot.type()).isEqualTo("physical");
                  assertThat(slot.active()).isFalse();
                  assertThat(slot.retainedBytes()).isNotNegative();
                });
      } finally {
        Sql.query(connection, "SELECT pg_drop_replication_slot(?)", row -> true, name);
      }
    }
  }

  @Test
  void roleThatOwnsNothing_isToldWhatItCannotSee(
      Plinth plinth, TestDatabase database, DataSource host) throws SQLException {
    String role = "plinth_nobody_" + ProcessHandle.current().pid();
    try (Connection owner = host.getConnection()) {
      Sql.execute(owner, "CREATE ROLE " + role + " LOGIN PASSWORD 'nothing'");
    }
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setMaximumPoolSize(1);
    config.setConnectionInitSql("SET SESSION AUTHORIZATION " + role);
    try (Connection another = host.getConnection()) {
      another.setAutoCommit(false);
      assertThat(pid(another)).isPositive();
      try (HikariDataSource pool = new HikariDataSource(config);
          Plinth nobody = database.plinth(pool).build()) {
        Diagnostics found = nobody.diagnostics();

        assertThat(found.missing()).anyMatch(text -> text.contains("GRANT pg_monitor"));
        assertThat(found.database().bytes()).isPositive();
        assertThat(found.tables()).isNotEmpty();
        assertThat(found.connections().unknown()).isPositive();
      }
      another.rollback();
    } finally {
      try (Connection owner = host.getConnection()) {
        Sql.execute(owner, "DROP ROLE " + role);
      }
    }
  }

  private static int pid(Connection connection) {
    return Sql.query(connection, "SELECT pg_backend_pid()", row -> row.getInt(1)).get(0);
  }
}
