package dev.plinth.core.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class RollbackTest {
  @TempDir Path folder;
  private TestDatabase database;
  private Plinth plinth;

  @BeforeEach
  void migrate() {
    database = TestDatabase.create(false);
    plinth = plinth().modules(List.of(shop(folder.resolve("shop")))).build();
    plinth.migrations().migrate();
  }

  @AfterEach
  void drop() {
    plinth.close();
    database.close();
  }

  @Test
  void rollback_oneVersion_undoesItAndMigrateBringsItBack() throws Exception {
    MigrationReport report = plinth.migrations().rollback("shop", 1, UndoConsent.KEEP_DATA);

    assertThat(report.undone())
        .extracting(Migration::module, Migration::version)
        .containsExactly(tuple("shop", 2));
    assertThat(exists("plinth.wares_name")).isFalse();
    assertThat(plinth.migrations().pending()).isEqualTo(report.undone());
    assertThat(plinth.migrations().migrate().applied()).isEqualTo(report.undone());
    assertThat(exists("plinth.wares_name")).isTrue();
    plinth.migrations().verify();
  }

  @Test
  void rollback_wouldDestroyDataWithoutConsent_changesNothing() throws Exception {
    assertThatThrownBy(() -> plinth.migrations().rollback("shop", 0, UndoConsent.KEEP_DATA))
        .isInstanceOf(MigrationException.class)
        .hasMessage(
            "The way back destroys data, in the undo of shop 1 (table): take a backup, and consent"
                + " with UndoConsent.DESTROY_DATA");

    assertThat(exists("plinth.wares_name")).isTrue();
    plinth.migrations().verify();
  }

  @Test
  void rollback_toZeroWithConsent_leavesNoTraceOfTheModule() throws Exception {
    MigrationReport report = plinth.migrations().rollback("shop", 0, UndoConsent.DESTROY_DATA);

    assertThat(report.undone()).extracting(Migration::version).containsExactly(2, 1);
    assertThat(exists("plinth.wares")).isFalse();
    assertThat(exists("plinth.flyway_history_shop")).isFalse();
    assertThat(plinth.migrations().history())
        .extracting(AppliedMigration::module)
        .containsOnly("core");
    assertThat(plinth.migrations().rollback("shop", 0, UndoConsent.DESTROY_DATA).isEmpty())
        .isTrue();
    plinth.migrations().migrate();
    plinth.migrations().verify();
  }

  @Test
  void rollback_coreWhileAModuleStands_isRefusedEvenIfThisProcessDoesNotKnowTheModule() {
    try (Plinth alone = plinth().build()) {
      assertThatThrownBy(() -> alone.migrations().rollback("core", 0, UndoConsent.DESTROY_DATA))
          .isInstanceOf(MigrationException.class)
          .hasMessage(
              "Core cannot be rolled back while other modules stand on it: roll back shop to 0"
                  + " first");
    }
  }

  @Test
  void rollback_everything_leavesAnEmptySchema() throws Exception {
    plinth.migrations().rollback("shop", 0, UndoConsent.DESTROY_DATA);
    plinth.migrations().rollback("core", 0, UndoConsent.DESTROY_DATA);

    try (Connection connection = database.connect()) {
      assertThat(
              Sql.query(
                  connection,
                  """
                  SELECT relname FROM pg_class WHERE relnamespace = 'plinth'::regnamespace
                  UNION ALL
                  SELECT proname FROM pg_proc WHERE pronamespace = 'plinth'::regnamespace
                  """,
                  row -> row.getString(1)))
          .isEmpty();
    }
  }

  @Test
  void rollback_undoScriptFails_leavesThatVersionInPlace() throws Exception {
    FeatureModule broken =
        new ScriptedModule(folder.resolve("broken"), "shop")
            .script("table", "expanding", "destroys-data", TABLE, "DROP TABLE ${schema}.wares;")
            .script("index", INDEX, "DROP INDEX ${schema}.wares_name; SELECT 1/0;")
            .module();
    try (Plinth other = plinth().modules(List.of(broken)).build()) {
      assertThatThrownBy(() -> other.migrations().rollback("shop", 0, UndoConsent.DESTROY_DATA))
          .isInstanceOf(MigrationException.class)
          .hasMessageStartingWith("The undo of shop 2 (index) failed, and nothing of it remains");
    }

    assertThat(exists("plinth.wares_name")).isTrue();
    plinth.migrations().verify();
  }

  @Test
  void rollback_newerVersionThanKnown_isRefused() {
    FeatureModule older =
        new ScriptedModule(folder.resolve("older"), "shop")
            .script("table", "expanding", "destroys-data", TABLE, "DROP TABLE ${schema}.wares;")
            .module();
    try (Plinth other = plinth().modules(List.of(older)).build()) {
      assertThatThrownBy(() -> other.migrations().rollback("shop", 0, UndoConsent.DESTROY_DATA))
          .isInstanceOf(MigrationException.class)
          .hasMessageContaining("The module shop stands at version 2");
    }
  }

  @Test
  void rollback_badArguments_areRefusedByName() {
    assertThatThrownBy(() -> plinth.migrations().rollback("nope", 0, UndoConsent.KEEP_DATA))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("module must be one of core, shop");
    assertThatThrownBy(() -> plinth.migrations().rollback("shop", 3, UndoConsent.KEEP_DATA))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("target must be between 0 and 2, but is 3");
  }

  @Test
  void rollback_whileFlywayItselfWorksOnTheHistory_waitsForItsLock() throws Exception {
    FeatureModule sleepy =
        new ScriptedModule(folder.resolve("sleepy"), "sleepy")
            .script(
                "locks",
                """
                CREATE TABLE ${schema}.seen AS
                  SELECT (classid::bigint << 32 | objid::bigint) AS number
                  FROM pg_locks
                  WHERE locktype = 'advisory' AND pid = pg_backend_pid();
                """,
                "DROP TABLE ${schema}.seen;")
            .module();
    try (Plinth other = plinth().modules(List.of(sleepy)).build()) {
      other.migrations().migrate();
    }

    long expected = 77431708279161L + "\"plinth\".\"flyway_history_sleepy\"".hashCode();
    try (Connection connection = database.connect()) {
      assertThat(
              Sql.query(connection, "SELECT number FROM plinth.seen", row -> row.getLong("number")))
          .as("the lock that this line of Flyway takes, beside our own")
          .hasSize(2)
          .contains(expected);
    }
    long shop = 77431708279161L + "\"plinth\".\"flyway_history_shop\"".hashCode();
    try (Connection flyway = database.connect();
        Plinth impatient =
            plinth()
                .migrationLockTimeout(Duration.ofMillis(200))
                .modules(List.of(shop(folder.resolve("again"))))
                .build()) {
      Sql.query(flyway, "SELECT pg_advisory_lock(?)", row -> 1, shop);
      assertThatThrownBy(() -> impatient.migrations().rollback("shop", 1, UndoConsent.KEEP_DATA))
          .isInstanceOf(MigrationException.class)
          .hasMessageStartingWith("The schema was locked for longer than PT0.2S");
    }
    plinth.migrations().verify();
  }

  private static final String TABLE = "CREATE TABLE ${schema}.wares (name text);";
  private static final String INDEX = "CREATE INDEX wares_name ON ${schema}.wares (name);";

  private static FeatureModule shop(Path folder) {
    return new ScriptedModule(folder, "shop")
        .script("table", "expanding", "destroys-data", TABLE, "DROP TABLE ${schema}.wares;")
        .script("index", INDEX, "DROP INDEX ${schema}.wares_name;")
        .module();
  }

  private PlinthBuilder plinth() {
    return Plinth.builder().dataSource(database.pool(1)).modules(List.of());
  }

  private boolean exists(String relation) throws Exception {
    try (Connection connection = database.connect()) {
      return Sql.query(
              connection, "SELECT to_regclass(?) IS NOT NULL", row -> row.getBoolean(1), relation)
          .get(0);
    }
  }
}
