package dev.plinth.core.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.TestDatabase;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class VerifyTest {
  private static final String TABLE = "CREATE TABLE ${schema}.wares (name text);";
  private static final String DROP = "DROP TABLE ${schema}.wares;";

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
  void verify_emptyDatabase_listsEveryMigrationAsMissing() {
    try (Plinth plinth = plinth(shop("a"))) {
      assertThatThrownBy(() -> plinth.migrations().verify())
          .asInstanceOf(type(SchemaInvalidException.class))
          .satisfies(
              e ->
                  assertThat(e.problems())
                      .hasSize(plinth.migrations().pending().size())
                      .contains(
                          "core 1 (foundation) is missing: run plinth.migrations().migrate()",
                          "shop 1 (table) is missing: run plinth.migrations().migrate()"));
    }
  }

  @Test
  void start_emptyDatabase_saysToMigrate() {
    try (Plinth plinth = plinth(shop("a"))) {
      assertThatThrownBy(plinth::start)
          .isInstanceOf(SchemaInvalidException.class)
          .hasMessageContaining(
              "core 1 (foundation) is missing: run plinth.migrations().migrate()");
    }
  }

  @Test
  void verify_scriptChangedAfterwards_isToldAndMigrateRefuses() {
    try (Plinth plinth = plinth(shop("a"))) {
      plinth.migrations().migrate();
    }
    FeatureModule changed =
        new ScriptedModule(folder.resolve("b"), "shop")
            .script("table", TABLE + " -- edited", DROP)
            .module();
    try (Plinth plinth = plinth(changed)) {
      for (Runnable call :
          List.<Runnable>of(
              () -> plinth.migrations().verify(), () -> plinth.migrations().migrate())) {
        assertThatThrownBy(call::run)
            .asInstanceOf(type(SchemaInvalidException.class))
            .satisfies(
                e ->
                    assertThat(e.problems())
                        .singleElement()
                        .asString()
                        .startsWith("shop 1 (table) was changed after it was applied"));
      }
    }
  }

  @Test
  void verify_validationQueryFindsAFault_isTold() throws Exception {
    FeatureModule validated =
        new ScriptedModule(folder.resolve("a"), "shop")
            .script(
                "table",
                TABLE
                    + "\n-- plinth:validate SELECT 'ware without a name' FROM ${schema}.wares WHERE"
                    + " name IS NULL",
                DROP)
            .module();
    try (Plinth plinth = plinth(validated)) {
      plinth.migrations().migrate();
      plinth.migrations().verify();
      execute("INSERT INTO plinth.wares VALUES (null)");

      assertThatThrownBy(() -> plinth.migrations().verify())
          .asInstanceOf(type(SchemaInvalidException.class))
          .satisfies(
              e -> assertThat(e.problems()).containsExactly("shop 1 (table): ware without a name"));

      execute("DROP TABLE plinth.wares");
      assertThatThrownBy(() -> plinth.migrations().verify())
          .hasMessageContaining("shop 1 (table) cannot be validated");
    }
  }

  @Test
  void verify_historyEditedByHand_isTold() throws Exception {
    try (Plinth plinth = plinth(shop("a"))) {
      plinth.migrations().migrate();
      execute("DELETE FROM plinth.schema_changes WHERE module = 'shop'");

      assertThatThrownBy(() -> plinth.migrations().verify())
          .hasMessageContaining("schema_changes lacks shop 1, which the history of migrations has");
    }
  }

  @Test
  void verify_scriptThatTheModuleDoesNotName_isTold() {
    try (Plinth plinth = plinth(shop("named"))) {
      plinth.migrations().migrate();
      plinth.migrations().verify();
    }
    for (String stray : List.of("V1_5__stray.sql", "V7__stray.sql", "R__stray.sql")) {
      FeatureModule module =
          new ScriptedModule(folder.resolve(stray), "shop")
              .script("table", TABLE, DROP)
              .unnamed(stray, "SELECT 1;")
              .module();
      try (Plinth plinth = plinth(module)) {
        assertThatThrownBy(() -> plinth.migrations().verify())
            .isInstanceOfSatisfying(
                SchemaInvalidException.class,
                e ->
                    assertThat(e.problems())
                        .containsExactly(
                            "The class path holds "
                                + stray
                                + " among the migrations of shop, which the module does not name:"
                                + " name it in FeatureModule.migrations() or take it away"));
      }
    }
  }

  @Test
  void newerExpandingMigration_olderCodeGoesOn() {
    migrateNewer("expanding");
    try (Plinth older = plinth(shop("a"))) {
      older.migrations().verify();
      assertThat(older.migrations().migrate().isEmpty()).isTrue();
      assertThat(older.migrations().history()).extracting(AppliedMigration::version).endsWith(2);
      older.start();
    }
  }

  @Test
  void newerBreakingMigration_olderCodeRefusesEverywhere() {
    migrateNewer("breaking");
    try (Plinth older = plinth(shop("a"))) {
      for (Runnable call :
          List.<Runnable>of(
              older::start,
              () -> older.migrations().verify(),
              () -> older.migrations().migrate(),
              () -> older.migrations().rollback("shop", 0, UndoConsent.DESTROY_DATA))) {
        assertThatThrownBy(call::run)
            .asInstanceOf(type(SchemaTooNewException.class))
            .satisfies(
                e -> {
                  assertThat(e.module()).isEqualTo("shop");
                  assertThat(e.found()).isEqualTo(2);
                  assertThat(e.known()).isEqualTo(1);
                });
      }
      assertThat(older.isStarted()).isFalse();
    }
  }

  @Test
  void migrate_databaseNotInUtf8_isRefusedBeforeAnythingChanges() throws Exception {
    String name = "latin_" + UUID.randomUUID().toString().replace("-", "");
    execute(
        "CREATE DATABASE "
            + name
            + " ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    String url = database.url().replace(currentDatabase(), name);
    try (Plinth plinth =
        Plinth.builder()
            .connectionSource(() -> DriverManager.getConnection(url))
            .modules(List.of())
            .build()) {
      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(UnsupportedDatabaseException.class)
          .hasMessageContaining("encoded in UTF-8, but this one has LATIN1");
      assertThatThrownBy(() -> plinth.migrations().verify())
          .isInstanceOf(SchemaInvalidException.class)
          .hasMessageContaining("encoded in UTF-8, but this one has LATIN1");
      try (Connection connection = DriverManager.getConnection(url)) {
        assertThat(
                Sql.query(connection, "SELECT nspname FROM pg_namespace", row -> row.getString(1)))
            .doesNotContain("plinth");
      }
    } finally {
      execute("DROP DATABASE " + name + " WITH (FORCE)");
    }
  }

  @Test
  void migrate_serverOlderThan14_isRefusedBeforeAnythingChanges() throws Exception {
    try (Plinth plinth =
        Plinth.builder()
            .connectionSource(() -> claimingToBe13(database.connect()))
            .modules(List.of())
            .build()) {
      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(UnsupportedDatabaseException.class)
          .hasMessage(
              "Plinth needs PostgreSQL 14 or newer, but the server has version 13.7: upgrade the"
                  + " server");
    }
    try (Connection connection = database.connect()) {
      assertThat(Sql.query(connection, "SELECT nspname FROM pg_namespace", row -> row.getString(1)))
          .doesNotContain("plinth");
    }
  }

  private void migrateNewer(String compatibility) {
    FeatureModule newer =
        new ScriptedModule(folder.resolve("newer"), "shop")
            .script("table", TABLE, DROP)
            .script("more", compatibility, "keeps-data", "SELECT 1;", "SELECT 1;")
            .module();
    try (Plinth plinth = plinth(newer)) {
      plinth.migrations().migrate();
    }
  }

  private FeatureModule shop(String name) {
    return new ScriptedModule(folder.resolve(name), "shop").script("table", TABLE, DROP).module();
  }

  private Plinth plinth(FeatureModule module) {
    PlinthBuilder builder = Plinth.builder().dataSource(database.pool(3)).withoutNotifications();
    return builder.modules(List.of(module)).build();
  }

  private static Connection claimingToBe13(Connection connection) throws java.sql.SQLException {
    DatabaseMetaData server = connection.getMetaData();
    DatabaseMetaData older =
        wrap(DatabaseMetaData.class, server, "getDatabaseMajorVersion", 13, "13.7");
    return wrap(Connection.class, connection, "getMetaData", older, "");
  }

  private static <T> T wrap(Class<T> type, T real, String method, Object answer, String version) {
    InvocationHandler handler =
        (proxy, called, arguments) -> {
          if (called.getName().equals(method)) {
            return answer;
          }
          if (called.getName().equals("getDatabaseProductVersion")) {
            return version;
          }
          try {
            return called.invoke(real, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        };
    return type.cast(
        Proxy.newProxyInstance(VerifyTest.class.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private String currentDatabase() throws Exception {
    try (Connection connection = database.connect()) {
      return connection.getCatalog();
    }
  }

  private void execute(String sql) throws Exception {
    try (Connection connection = database.connect()) {
      Sql.execute(connection, sql);
    }
  }
}
