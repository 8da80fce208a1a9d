package dev.plinth.core.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class MigrateTest {
  @TempDir Path folder;
  private TestDatabase database;

  @BeforeEach
  void create() {
    database = TestDatabase.create(false);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void migrate_emptyDatabase_appliesEverythingOnceAndTellsWhat() {
    try (Plinth plinth = plinth().build()) {
      List<Migration> pending = plinth.migrations().pending();

      MigrationReport first = plinth.migrations().migrate();
      MigrationReport second = plinth.migrations().migrate();

      assertThat(first.applied()).isEqualTo(pending).isNotEmpty();
      assertThat(second.isEmpty()).isTrue();
      assertThat(plinth.migrations().pending()).isEmpty();
      assertThat(plinth.migrations().history())
          .hasSameSizeAs(pending)
          .allSatisfy(
              applied -> {
                assertThat(applied.appliedBy()).isEqualTo("postgres");
                assertThat(applied.took()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
              })
          .extracting(AppliedMigration::description)
          .startsWith("foundation");
      plinth.migrations().verify();
    }
  }

  @Test
  void migrate_poolOfOneWithoutAutoCommit_worksAndLeavesTheConnectionClean() throws Exception {
    HikariDataSource pool = poolOfOneWithoutAutoCommit();
    String before = sessionState(pool);

    try (Plinth plinth = Plinth.builder().dataSource(pool).modules(List.of(shop())).build()) {
      plinth.migrations().migrate();
      plinth.migrations().verify();
      plinth.migrations().rollback("shop", 0, UndoConsent.DESTROY_DATA);
      plinth.migrations().migrate();
    }

    assertThat(pool.getHikariPoolMXBean().getTotalConnections()).isEqualTo(1);
    assertThat(sessionState(pool)).isEqualTo(before);
    try (Connection connection = pool.getConnection()) {
      assertThat(connection.getAutoCommit()).isFalse();
    }
    assertThat(advisoryLocks()).isZero();
    pool.close();
  }

  @Test
  void migrate_schemaNamesThatNeedQuoting_standBesideEachOther() {
    for (String name : List.of("My Schéma \"x\"", "it's", "plinth", "MixedCase", "$body$")) {
      try (Plinth plinth = plinth().schema(name).modules(List.of(shop())).build()) {
        plinth.migrations().migrate();
        plinth.migrations().verify();
        assertThat(plinth.migrations().migrate().isEmpty()).isTrue();
        plinth.migrations().rollback("shop", 1, UndoConsent.DESTROY_DATA);
        assertThat(plinth.migrations().pending())
            .extracting(Migration::module, Migration::version)
            .containsExactly(tuple("shop", 2));
        plinth.migrations().migrate();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"V2__forgotten.sql", "V1_5__forgotten.sql", "R__forgotten.sql"})
  void migrate_scriptThatTheModuleDoesNotName_isRefusedBeforeAnythingIsApplied(String file)
      throws Exception {
    FeatureModule module =
        new ScriptedModule(folder, "shop")
            .script("table", "CREATE TABLE ${schema}.wares (name text);", "SELECT 1;")
            .unnamed(file, "CREATE TABLE ${schema}.forgotten (name text);")
            .module();
    try (Plinth plinth = plinth().modules(List.of(module)).build()) {
      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(MigrationException.class)
          .hasMessage(
              "The class path holds "
                  + file
                  + " among the migrations of shop, which the module does not name, so nothing was"
                  + " applied: name it in FeatureModule.migrations() or take it away");
    }
    assertThat(schemas()).doesNotContain("plinth");
  }

  @Test
  void migrate_twoScriptsOfOneVersion_areRefusedBeforeAnythingIsApplied() throws Exception {
    FeatureModule module =
        new ScriptedModule(folder, "shop")
            .script("table", "CREATE TABLE ${schema}.wares (name text);", "SELECT 1;")
            .unnamed("V1__other.sql", "SELECT 1;")
            .module();
    try (Plinth plinth = plinth().modules(List.of(module)).build()) {
      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(MigrationException.class)
          .hasMessageStartingWith("The migrations of shop cannot be read, nothing was applied. ")
          .hasMessageContaining("V1__other.sql");
    }
    assertThat(schemas()).doesNotContain("plinth");
  }

  @Test
  void migrate_separateDataSource_usesItAlone() {
    HikariDataSource owner = database.pool(1);
    HikariDataSource application = database.pool(1);

    try (Plinth plinth =
        Plinth.builder()
            .dataSource(application)
            .migrationDataSource(owner)
            .modules(List.of(shop()))
            .build()) {
      plinth.migrations().migrate();
    }

    assertThat(owner.getHikariPoolMXBean().getTotalConnections()).isEqualTo(1);
    assertThat(application.getHikariPoolMXBean().getTotalConnections()).isZero();
  }

  @Test
  void migrate_tenNodesAtOnce_eachMigrationIsAppliedOnce() throws Exception {
    int nodes = 10;
    ExecutorService executor = Executors.newFixedThreadPool(nodes);
    CyclicBarrier barrier = new CyclicBarrier(nodes);
    FeatureModule module = concurrently();
    List<Future<Integer>> applied = new ArrayList<>();
    for (int node = 0; node < nodes; node++) {
      HikariDataSource pool = database.pool(1);
      applied.add(
          executor.submit(
              () -> {
                barrier.await();
                try (Plinth plinth =
                    Plinth.builder().dataSource(pool).modules(List.of(module)).build()) {
                  return plinth.migrations().migrate().applied().size();
                }
              }));
    }

    int total = 0;
    int busy = 0;
    for (Future<Integer> result : applied) {
      total += result.get(100, TimeUnit.SECONDS);
      busy += result.get() > 0 ? 1 : 0;
    }
    executor.shutdown();

    try (Plinth plinth = plinth().modules(List.of(module)).build()) {
      assertThat(busy).isEqualTo(1);
      assertThat(plinth.migrations().history()).hasSize(total);
      plinth.migrations().verify();
    }
  }

  @Test
  void migrate_createIndexConcurrentlyWhileAnotherNodeWaits_doesNotHang() throws Exception {
    FeatureModule module = concurrently();
    try (Plinth one = plinth().modules(List.of(module)).build();
        Plinth other = plinth().modules(List.of(module)).build()) {
      Thread waiting = new Thread(() -> other.migrations().migrate());
      waiting.start();
      one.migrations().migrate();
      waiting.join(60_000);

      assertThat(waiting.isAlive()).isFalse();
      assertThat(
              count(
                  "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid = 'plinth.wares_name'::regclass"))
          .isEqualTo(1);
    }
  }

  @Test
  void migrate_lockHeldTooLong_failsAndNamesTheHolder() throws Exception {
    try (Plinth plinth = plinth().migrationLockTimeout(Duration.ofMillis(300)).build();
        Connection holder = database.connect()) {
      plinth.migrations().migrate();
      Sql.execute(holder, "SET application_name = 'the other node'");
      Sql.query(holder, "SELECT pg_advisory_lock(" + lockNumber(plinth) + ")", row -> 1);

      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(MigrationException.class)
          .hasMessageStartingWith("The schema was locked for longer than PT0.3S by the session ")
          .hasMessageContaining("(the other node)")
          .hasMessageContaining("pg_terminate_backend");
    }
  }

  @Test
  void migrate_lockNotHad_leavesTheSessionAsItWas() throws Exception {
    try (var pool = database.pool(1);
        Plinth plinth =
            Plinth.builder()
                .dataSource(pool)
                .modules(List.of())
                .migrationLockTimeout(Duration.ofMillis(300))
                .build();
        Connection holder = database.connect()) {
      Sql.query(holder, "SELECT pg_advisory_lock(" + lockNumber(plinth) + ")", row -> 1);

      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(MigrationException.class)
          .hasMessageStartingWith("The schema was locked for longer than PT0.3S");

      try (Connection connection = pool.getConnection()) {
        assertThat(
                Sql.query(
                    connection, "SHOW client_connection_check_interval", row -> row.getString(1)))
            .containsExactly("0");
      }
    }
  }

  @Test
  void migrate_interruptedWhileWaiting_failsAndStaysInterrupted() throws Exception {
    try (Plinth plinth = plinth().build();
        Connection holder = database.connect()) {
      plinth.migrations().migrate();
      Sql.query(holder, "SELECT pg_advisory_lock(" + lockNumber(plinth) + ")", row -> 1);

      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(MigrationException.class)
          .hasMessageContaining("Interrupted");
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void migrate_failingScript_isRolledBackAndCanBeRepeated() {
    ScriptedModule broken =
        new ScriptedModule(folder.resolve("broken"), "shop")
            .script(
                "table", "CREATE TABLE ${schema}.wares (name text);", "DROP TABLE ${schema}.wares;")
            .script(
                "fault", "ALTER TABLE ${schema}.wares ADD price int;\nSELECT 1/0;", "SELECT 1;");
    try (Plinth plinth = plinth().modules(List.of(broken.module())).build()) {
      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(MigrationException.class)
          .hasMessageContaining("The migration shop 2 (fault) failed. Nothing of it remains")
          .hasMessageContaining("22012");
      assertThat(plinth.migrations().pending())
          .extracting(Migration::module, Migration::version)
          .containsExactly(tuple("shop", 2));
    }
    try (Plinth plinth = plinth().modules(List.of(shop())).build()) {
      plinth.migrations().migrate();
      plinth.migrations().verify();
    }
  }

  @Test
  void migrate_failedOutsideATransaction_runsAgain() throws Exception {
    ScriptedModule module =
        new ScriptedModule(folder.resolve("c"), "shop")
            .script(
                "table", "CREATE TABLE ${schema}.wares (name text);", "DROP TABLE ${schema}.wares;")
            .script(
                "index",
                """
                DROP INDEX CONCURRENTLY IF EXISTS ${schema}.wares_name;
                CREATE UNIQUE INDEX CONCURRENTLY wares_name ON ${schema}.wares (name);
                """,
                "DROP INDEX ${schema}.wares_name;")
            .outsideTransaction();
    ScriptedModule table =
        new ScriptedModule(folder.resolve("c1"), "shop")
            .script(
                "table",
                "CREATE TABLE ${schema}.wares (name text);",
                "DROP TABLE ${schema}.wares;");
    try (Plinth plinth = plinth().modules(List.of(table.module())).build()) {
      plinth.migrations().migrate();
    }
    execute("INSERT INTO plinth.wares VALUES ('a'), ('a')");
    try (Plinth plinth = plinth().modules(List.of(module.module())).build()) {
      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(MigrationException.class)
          .hasMessageContaining("may be half done; it can be run again");
      assertThatThrownBy(() -> plinth.migrations().verify())
          .hasMessageContaining("shop 2 (index) failed half-way");
      execute("TRUNCATE plinth.wares");

      assertThat(plinth.migrations().migrate().applied()).hasSize(1);
      plinth.migrations().verify();
    }
  }

  private FeatureModule shop() {
    return new ScriptedModule(folder.resolve("shop"), "shop")
        .script("table", "CREATE TABLE ${schema}.wares (name text);", "DROP TABLE ${schema}.wares;")
        .script(
            "fault",
            "ALTER TABLE ${schema}.wares ADD price int;",
            "ALTER TABLE ${schema}.wares DROP price;")
        .module();
  }

  private FeatureModule concurrently() {
    return new ScriptedModule(folder.resolve("concurrently"), "shop")
        .script("table", "CREATE TABLE ${schema}.wares (name text);", "DROP TABLE ${schema}.wares;")
        .script(
            "index",
            """
            DROP INDEX CONCURRENTLY IF EXISTS ${schema}.wares_name;
            CREATE INDEX CONCURRENTLY wares_name ON ${schema}.wares (name);
            """,
            "DROP INDEX ${schema}.wares_name;")
        .outsideTransaction()
        .module();
  }

  private PlinthBuilder plinth() {
    return Plinth.builder().dataSource(database.pool(2)).modules(List.of());
  }

  private HikariDataSource poolOfOneWithoutAutoCommit() {
    HikariDataSource pool = new HikariDataSource();
    pool.setJdbcUrl(database.url());
    pool.setMaximumPoolSize(1);
    pool.setConnectionTimeout(3_000);
    pool.setAutoCommit(false);
    return pool;
  }

  private String sessionState(HikariDataSource pool) throws Exception {
    try (Connection connection = pool.getConnection()) {
      return Sql.query(
              connection,
              "SELECT pg_backend_pid() || current_setting('search_path') || current_setting('role') || current_user || current_setting('client_connection_check_interval')",
              row -> row.getString(1))
          .get(0);
    }
  }

  /** Found by watching: the lock that a migration holds, which is not Flyway's. */
  private static long lockNumber(Plinth plinth) {
    java.util.zip.CRC32 crc = new java.util.zip.CRC32();
    crc.update(plinth.schema().name().getBytes(java.nio.charset.StandardCharsets.UTF_8));
    return 0x706c696eL << 32 | crc.getValue();
  }

  private long advisoryLocks() throws Exception {
    return count(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  }

  private long count(String sql) throws Exception {
    try (Connection connection = database.connect()) {
      return Sql.query(connection, sql, row -> row.getLong(1)).get(0);
    }
  }

  private void execute(String sql) throws Exception {
    try (Connection connection = database.connect()) {
      Sql.execute(connection, sql);
    }
  }

  private List<String> schemas() throws Exception {
    try (Connection connection = database.connect()) {
      return Sql.query(connection, "SELECT nspname FROM pg_namespace", row -> row.getString(1));
    }
  }
}
