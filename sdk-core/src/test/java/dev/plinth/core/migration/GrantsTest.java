package dev.plinth.core.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.test.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrantsTest {
  private static final String SCHEMA = "Pl \"inth";
  private static final String QUOTED = "\"Pl \"\"inth\"";

  @TempDir Path folder;
  private TestDatabase database;
  private Plinth owner;
  private String role;

  @BeforeEach
  void migrate() throws Exception {
    database = TestDatabase.create(false);
    role = "App \"role\" " + UUID.randomUUID();
    execute("CREATE ROLE " + quoted(role));
    owner =
        Plinth.builder()
            .dataSource(database.pool(2))
            .schema(SCHEMA)
            .modules(List.of(shop()))
            .build();
    owner.migrations().migrate();
    execute("CREATE TABLE " + QUOTED + ".hosts_own (n int)");
  }

  @AfterEach
  void drop() throws Exception {
    owner.close();
    execute("DROP OWNED BY " + quoted(role));
    execute("DROP ROLE " + quoted(role));
    database.close();
  }

  @Test
  void grants_asThatRole_everythingAtRunTimeWorksAndNothingElse() throws Exception {
    grant();
    try (Connection application = connectAsRole()) {
      for (String allowed :
          List.of(
              "INSERT INTO s.wares (id, name) VALUES (1, 'a')",
              "UPDATE s.wares SET name = 'b' RETURNING id",
              "DELETE FROM s.wares",
              "INSERT INTO s.trail (what) VALUES ('x')",
              "SELECT * FROM s.trail",
              "INSERT INTO s.tickets DEFAULT VALUES",
              "SELECT * FROM s.named",
              "SELECT s.make_partition(2)",
              "CALL s.tidy()",
              "INSERT INTO s.vault_data_keys (id, epoch, key_id, wrapped)"
                  + " VALUES (gen_random_uuid(), 1, 'k', 'x')",
              "SELECT * FROM s.vault_data_keys",
              "SELECT * FROM s.schema_changes")) {
        Sql.execute(application, allowed.replace("s.", QUOTED + "."));
      }
      for (String refused :
          List.of(
              "UPDATE s.trail SET what = 'y'",
              "DELETE FROM s.trail",
              "SELECT * FROM s.wares_0",
              "INSERT INTO s.wares_0 (id, name) VALUES (1, 'a')",
              "TRUNCATE s.wares",
              "DROP TABLE s.wares",
              "CREATE TABLE s.mine (n int)",
              "SELECT * FROM s.hosts_own",
              "SELECT * FROM s.hidden",
              "UPDATE s.vault_data_keys SET wrapped = 'y'",
              "DELETE FROM s.vault_data_keys",
              "DELETE FROM s.schema_changes",
              "UPDATE s.flyway_history_shop SET success = true")) {
        assertThatThrownBy(() -> Sql.execute(application, refused.replace("s.", QUOTED + ".")))
            .as(refused)
            .isInstanceOf(DatabaseException.class)
            .extracting("sqlState")
            .isEqualTo("42501");
      }
    }
  }

  @Test
  void grants_asThatRole_verifyAndStartWorkAndMigrateIsANoOp() throws Exception {
    grant();
    try (Plinth application = asRole()) {
      application.migrations().verify();
      assertThat(application.migrations().history()).isNotEmpty();
      application.start();
    }
    String dropped = lastPartition();
    execute("DROP TABLE " + dropped);
    try (Plinth application = asRole()) {
      assertThat(application.migrations().migrate().isEmpty()).isTrue();
      assertThat(lastPartition()).as("made again by a function of the owner's").isEqualTo(dropped);
    }
  }

  private String lastPartition() throws Exception {
    try (Connection connection = database.connect()) {
      return Sql.query(
              connection,
              """
              SELECT inhrelid::regclass::text FROM pg_inherits
              WHERE inhparent = '%s.events'::regclass ORDER BY 1 DESC LIMIT 1
              """
                  .formatted(QUOTED),
              row -> row.getString(1))
          .get(0);
    }
  }

  @Test
  void verify_roleWithoutGrants_saysWhichToRun() {
    try (Plinth application = asRole()) {
      assertThatThrownBy(() -> application.migrations().verify())
          .isInstanceOf(MigrationException.class)
          .hasMessageContaining("The role " + role + " may not read")
          .hasMessageContaining("plinth.migrations().grants(");
    }
  }

  @Test
  void migrate_roleThatOwnsNothing_isRefusedClearly() throws Exception {
    owner.migrations().rollback("shop", 1, UndoConsent.DESTROY_DATA);
    grant();
    try (Plinth application = asRole()) {
      assertThatThrownBy(() -> application.migrations().migrate())
          .isInstanceOf(MigrationException.class)
          .hasMessage(
              "The role "
                  + role
                  + " may not create tables in Plinth's schema. Migrations run as the schema's"
                  + " owner: give one with Plinth.builder().migrationDataSource(…)");
    }
  }

  @Test
  void migrate_roleThatMayNotCreateASchema_isRefusedClearly() {
    try (Plinth application =
        Plinth.builder()
            .connectionSource(this::connectAsRole)
            .schema("other")
            .modules(List.of())
            .build()) {
      assertThatThrownBy(() -> application.migrations().migrate())
          .isInstanceOf(MigrationException.class)
          .hasMessageContaining("may not create a schema in database");
    }
  }

  @Test
  void migrate_readOnlySession_isRefusedClearly() {
    try (Plinth plinth =
        Plinth.builder()
            .connectionSource(
                () -> {
                  Connection connection = database.connect();
                  Sql.execute(connection, "SET default_transaction_read_only = on");
                  return connection;
                })
            .schema("other")
            .modules(List.of())
            .build()) {
      assertThatThrownBy(() -> plinth.migrations().migrate())
          .isInstanceOf(MigrationException.class)
          .hasMessageContaining("is read-only");
    }
  }

  @Test
  void grants_noSchemaYet_saysToMigrate() {
    try (Plinth plinth =
        Plinth.builder().dataSource(database.pool(1)).schema("other").modules(List.of()).build()) {
      assertThatThrownBy(() -> plinth.migrations().grants("app"))
          .isInstanceOf(MigrationException.class)
          .hasMessageContaining("run plinth.migrations().migrate() first");
      assertThatThrownBy(() -> plinth.migrations().grants(" "))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("role must not be blank");
    }
  }

  private FeatureModule shop() {
    return new ScriptedModule(folder.resolve("shop"), "shop")
        .script(
            "tables",
            "expanding",
            "destroys-data",
            """
            -- plinth:grant trail SELECT, INSERT
            -- plinth:grant hidden NOTHING
            CREATE TABLE ${schema}.wares (id int, name text) PARTITION BY RANGE (id);
            CREATE TABLE ${schema}.wares_0 PARTITION OF ${schema}.wares FOR VALUES FROM (0) TO (9);
            CREATE TABLE ${schema}.trail (id bigint GENERATED ALWAYS AS IDENTITY, what text);
            CREATE TABLE ${schema}.tickets (id serial);
            CREATE TABLE ${schema}.hidden (n int);
            CREATE TABLE ${schema}.events (id uuid NOT NULL) PARTITION BY RANGE (id);
            CREATE VIEW ${schema}.named AS SELECT name FROM ${schema}.wares;
            CREATE FUNCTION ${schema}.make_partition(n int) RETURNS int
              LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT n';
            REVOKE ALL ON FUNCTION ${schema}.make_partition(int) FROM PUBLIC;
            CREATE PROCEDURE ${schema}.tidy() LANGUAGE sql AS 'SELECT 1';
            REVOKE ALL ON PROCEDURE ${schema}.tidy() FROM PUBLIC;
            """,
            """
            DROP PROCEDURE ${schema}.tidy();
            DROP FUNCTION ${schema}.make_partition(int);
            DROP VIEW ${schema}.named;
            DROP TABLE ${schema}.events, ${schema}.hidden, ${schema}.tickets, ${schema}.trail, ${schema}.wares;
            """)
        .script("more", "SELECT 1;", "SELECT 1;")
        .partitioned("events")
        .module();
  }

  private void grant() throws Exception {
    for (String statement : owner.migrations().grants(role)) {
      execute(statement);
    }
  }

  private Plinth asRole() {
    return Plinth.builder()
        .connectionSource(this::connectAsRole)
        .withoutNotifications()
        .schema(SCHEMA)
        .modules(List.of(shop()))
        .build();
  }

  /** SET ROLE rather than a log-in, so that the test needs no password. */
  private Connection connectAsRole() throws java.sql.SQLException {
    Connection connection = database.connect();
    Sql.execute(connection, "SET ROLE " + quoted(role));
    return connection;
  }

  private static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  private void execute(String sql) throws Exception {
    try (Connection connection = database.connect()) {
      Sql.execute(connection, sql);
    }
  }
}
