package dev.plinth.core.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.ConnectionSource;
import dev.plinth.test.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrintedSqlTest {
  private static final PartitionedTable LINES =
      new PartitionedTable("lines", PartitionedTable.Period.MONTH, 1);

  @TempDir Path folder;

  @Test
  void sql_runByADba_isWhatMigrateWouldHaveDone() throws Exception {
    try (TestDatabase database = TestDatabase.create(false);
        Plinth plinth =
            Plinth.builder()
                .dataSource(database.pool(1))
                .schema("Shop \"1\"")
                .modules(List.of(shop()))
                .build()) {
      Migrations migrations = plinth.migrations();
      int core = (int) migrations.pending().stream().filter(m -> m.module().equals("core")).count();
      try (Connection dba = database.connect()) {
        Sql.execute(dba, migrations.sql("core", 0, core));
        Sql.execute(dba, migrations.sql("shop", 0, 1));
        Sql.execute(dba, migrations.sql("shop", 1, 2));

        migrations.verify();
        assertThat(migrations.migrate().isEmpty()).isTrue();
        assertThat(migrations.history()).hasSize(core + 2);

        Sql.execute(dba, migrations.sql("shop", 2, 0));
        assertThat(migrations.pending()).hasSize(2);
        assertThat(migrations.migrate().applied()).hasSize(2);
        migrations.verify();
      }
    }
  }

  @Test
  void sql_runByADba_applicationRoleStartsAndMakesPartitions() throws Exception {
    String role = "app_" + Long.toHexString(System.nanoTime());
    try (TestDatabase database = TestDatabase.create(false);
        Connection dba = database.connect();
        Plinth owner = logs(database::connect)) {
      Migrations migrations = owner.migrations();
      int core = (int) migrations.pending().stream().filter(m -> m.module().equals("core")).count();
      Sql.execute(dba, migrations.sql("core", 0, core));
      Sql.execute(dba, migrations.sql("logs", 0, 1));
      Sql.execute(dba, "CREATE ROLE " + role);
      try (Plinth application =
          logs(
              () -> {
                Connection connection = database.connect();
                Sql.execute(connection, "SET ROLE " + role);
                return connection;
              })) {
        migrations.grants(role).forEach(grant -> Sql.execute(dba, grant));

        application.migrations().verify();
        application.start();
        application.partitions().ensureAhead();

        assertThat(application.partitions().list(LINES)).hasSize(2);
      } finally {
        Sql.execute(dba, "DROP OWNED BY " + role);
        Sql.execute(dba, "DROP ROLE " + role);
      }

      Sql.execute(dba, migrations.sql("logs", 1, 0));
      assertThat(registered(dba)).isEmpty();
      migrations.migrate();
      assertThat(registered(dba)).containsExactly("lines");
      migrations.rollback("logs", 0, UndoConsent.DESTROY_DATA);
      assertThat(registered(dba)).isEmpty();
    }
  }

  @Test
  void verifyAndStart_tableThatWasNeverRegistered_sayWhatToDo() throws Exception {
    try (TestDatabase database = TestDatabase.create(false);
        Connection dba = database.connect();
        Plinth plinth = logs(database::connect)) {
      plinth.migrations().migrate();
      Sql.execute(dba, "DELETE FROM \"it is\".partitioned_tables");

      String problem =
          "partitioned_tables lacks lines, so that it can have no new partitions: run"
              + " plinth.migrations().migrate() as the schema's owner";
      assertThatThrownBy(() -> plinth.migrations().verify())
          .isInstanceOf(SchemaInvalidException.class)
          .hasMessageContaining(problem);
      assertThatThrownBy(plinth::start)
          .isInstanceOf(SchemaInvalidException.class)
          .hasMessageContaining(problem);

      assertThat(plinth.migrations().migrate().isEmpty()).isTrue();
      plinth.migrations().verify();
    }
  }

  @Test
  void migrate_scriptFails_tableOfAnEarlierOneIsRegisteredAllTheSame() throws Exception {
    ScriptedModule broken = logs().script("broken", "SELECT 1 / 0;", "SELECT 1;");
    try (TestDatabase database = TestDatabase.create(false);
        Connection dba = database.connect();
        Plinth plinth =
            Plinth.builder()
                .connectionSource(database::connect)
                .schema("it is")
                .modules(List.of(broken.module()))
                .build()) {
      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(MigrationException.class);

      assertThat(registered(dba)).containsExactly("lines");
    }
  }

  @Test
  void sql_needsNoDatabase() {
    try (Plinth plinth =
        Plinth.builder()
            .connectionSource(
                () -> {
                  throw new SQLException("no database here");
                })
            .modules(List.of(shop()))
            .build()) {
      assertThat(plinth.migrations().sql("shop", 1, 2))
          .contains("-- shop 2 (price)", "ALTER TABLE \"plinth\".wares ADD price int;")
          .contains("INSERT INTO \"plinth\".\"flyway_history_shop\"")
          .doesNotContain("CREATE TABLE", "${schema}");
      assertThat(plinth.migrations().sql("shop", 1, 0))
          .contains("-- Undo of shop 1 (table): DESTROYS DATA", "DROP TABLE \"plinth\".wares;");
      assertThat(plinth.migrations().sql("shop", 1, 1)).isEmpty();
    }
  }

  @Test
  void sql_badArguments_areRefusedByName() {
    try (Plinth plinth =
        Plinth.builder()
            .connectionSource(
                () -> {
                  throw new SQLException("no database here");
                })
            .modules(List.of(shop()))
            .build()) {
      assertThatThrownBy(() -> plinth.migrations().sql("shop", 0, 3))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("to must be between 0 and 2, but is 3");
      assertThatThrownBy(() -> plinth.migrations().sql("shop", -1, 1))
          .hasMessage("from must be between 0 and 2, but is -1");
      assertThatThrownBy(() -> plinth.migrations().sql("other", 0, 1))
          .hasMessage("module must be one of core, shop");
    }
  }

  private static List<String> registered(Connection dba) {
    return Sql.query(dba, "SELECT name FROM \"it is\".partitioned_tables", row -> row.getString(1));
  }

  private Plinth logs(ConnectionSource source) {
    return Plinth.builder()
        .connectionSource(source)
        .withoutNotifications()
        .schema("it is")
        .modules(List.of(logs().module()))
        .build();
  }

  private ScriptedModule logs() {
    return new ScriptedModule(folder.resolve("logs"), "logs")
        .script(
            "lines",
            "expanding",
            "destroys-data",
            "CREATE TABLE ${schema}.lines (id uuid NOT NULL) PARTITION BY RANGE (id);",
            "DROP TABLE ${schema}.lines;")
        .partitioned("lines");
  }

  private FeatureModule shop() {
    return new ScriptedModule(folder.resolve("shop"), "shop")
        .script(
            "table",
            "expanding",
            "destroys-data",
            "CREATE TABLE ${schema}.wares (name text);",
            "DROP TABLE ${schema}.wares;")
        .script(
            "price",
            "ALTER TABLE ${schema}.wares ADD price int;",
            "ALTER TABLE ${schema}.wares DROP price;")
        .module();
  }
}
