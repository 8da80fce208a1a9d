package dev.plinth.core.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.migration.OptionalScript.State;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.SchemaDescription;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptionalScriptTest {
  private TestDatabase database;
  private Plinth plinth;
  private Migrations migrations;
  private Connection connection;

  @BeforeEach
  void migrate() throws Exception {
    database = TestDatabase.create(false);
    plinth =
        Plinth.builder()
            .dataSource(database.pool(2))
            .schema("my plinth")
            .modules(List.of())
            .build();
    migrations = plinth.migrations();
    migrations.migrate();
    connection = database.connect();
  }

  @AfterEach
  void drop() throws Exception {
    connection.close();
    plinth.close();
    database.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"document_indexes", "row_level_security"})
  void apply_thenRemove_isAsBefore(String name) {
    OptionalScript script = migrations.optional(name);
    SchemaDescription before = describe();
    assertThat(script.state()).isEqualTo(State.ABSENT);

    script.apply();
    script.apply();

    assertThat(script.state()).isEqualTo(State.APPLIED);
    assertThat(describe()).isNotEqualTo(before);
    migrations.verify();

    script.remove();
    script.remove();

    assertThat(script.state()).isEqualTo(State.ABSENT);
    assertThat(describe()).isEqualTo(before);
    migrations.verify();
  }

  @ParameterizedTest
  @ValueSource(strings = {"document_indexes", "row_level_security"})
  void sql_runByHand_isTheSame(String name) {
    OptionalScript script = migrations.optional(name);
    script.apply();
    SchemaDescription applied = describe();
    script.remove();

    for (String statement : script.sql().split(";\n")) {
      Sql.execute(connection, statement);
    }
    assertThat(describe()).isEqualTo(applied);

    for (String statement : script.undoSql().split(";\n")) {
      Sql.execute(connection, statement);
    }
    assertThat(script.state()).isEqualTo(State.ABSENT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"document_indexes", "row_level_security"})
  void rollbackAndMigrate_withTheScriptApplied_work(String name) {
    migrations.optional(name).apply();

    migrations.rollback("core", 0, UndoConsent.DESTROY_DATA);
    migrations.migrate();

    migrations.verify();
    assertThat(migrations.optional(name).state()).isEqualTo(State.ABSENT);
  }

  @Test
  void verify_tableWithoutItsPolicy_saysWhich() {
    migrations.optional("row_level_security").apply();
    Sql.execute(connection, "DROP POLICY plinth_tenant ON \"my plinth\".sessions");

    assertThat(migrations.optional("row_level_security").state()).isEqualTo(State.PARTIAL);
    assertThatThrownBy(migrations::verify)
        .isInstanceOf(SchemaInvalidException.class)
        .hasMessageContaining("row_level_security is applied in part and lacks sessions");

    migrations.optional("row_level_security").apply();
    migrations.verify();
  }

  @Test
  void apply_indexThatAnInterruptedBuildLeftInvalid_isMadeAgain() {
    migrations.optional("document_indexes").apply();
    Sql.execute(
        connection,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '\"my"
            + " plinth\".users_settings_gin'::regclass");
    assertThat(migrations.optional("document_indexes").state()).isEqualTo(State.PARTIAL);

    migrations.optional("document_indexes").apply();

    assertThat(migrations.optional("document_indexes").state()).isEqualTo(State.APPLIED);
  }

  @Test
  void optional_unknownName_namesThoseThereAre() {
    assertThat(migrations.optional())
        .extracting(OptionalScript::name)
        .containsExactly("document_indexes", "row_level_security");
    assertThatThrownBy(() -> migrations.optional("rls"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("name must be one of document_indexes, row_level_security");
  }

  private SchemaDescription describe() {
    return SchemaDescription.of(connection, plinth.schema());
  }
}
