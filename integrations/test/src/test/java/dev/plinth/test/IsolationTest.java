package dev.plinth.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

@PlinthTest(schema = "the \"Plinth\"", customizer = Kit.Customizer.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class IsolationTest {
  private static Kit ofTheClass;
  private static Kit ofAnEarlierTest;

  private final Plinth plinth;

  IsolationTest(Plinth plinth) {
    this.plinth = plinth;
  }

  @BeforeAll
  static void givenToTheClass(Kit kit) {
    ofTheClass = kit;
  }

  @AfterAll
  static void stillOpenAtTheEnd(Kit kit) {
    assertThat(kit).isSameAs(ofTheClass);
    assertThat(kit.isClosed()).isFalse();
  }

  @BeforeEach
  void everyTestBeginsWithTheRowsOfTheMigrationsAlone(Kit kit) {
    assertThat(kit.texts("SELECT kind || rank FROM {schema}.kinds")).containsExactly("built-in1");
    assertThat(kit.texts("SELECT id FROM {schema}.entries")).isEmpty();
  }

  @RepeatedTest(2)
  @Order(1)
  void test_addsRowsToAppendOnlyTables_nextBeginsWithout(Kit kit) {
    kit.add("new");

    assertThat(kit.texts("SELECT kind || rank FROM {schema}.kinds ORDER BY 1"))
        .containsExactly("built-in1", "new2");
    assertThat(kit.texts("SELECT id FROM {schema}.entries")).containsExactly("1");
    ofAnEarlierTest = kit;
  }

  @Test
  @Order(2)
  void triggers_afterTheTablesWereEmptied_refuseAsBefore(Kit kit) {
    kit.add("new");

    assertThatThrownBy(
            () -> kit.run("SET session_replication_role = replica; TRUNCATE {schema}.entries"))
        .hasStackTraceContaining("append only");
    assertThatThrownBy(() -> kit.run("TRUNCATE {schema}.entries_1"))
        .hasStackTraceContaining("append only");
    assertThatThrownBy(() -> kit.run("DELETE FROM {schema}.entries"))
        .hasStackTraceContaining("append only");
  }

  @Test
  @Order(3)
  void parameters_ofOneTest_areTheSameAndOthersAreClosed(Kit kit, Kit again, Plinth same) {
    assertThat(kit).isSameAs(again).isNotSameAs(ofTheClass);
    assertThat(same).isSameAs(plinth);
    assertThat(ofAnEarlierTest.isClosed()).isTrue();
  }

  @Test
  @Order(4)
  void test_dropsATable_nextHasItAgain(Kit kit) {
    kit.run("DROP TABLE {schema}.entries; CREATE TABLE {schema}.another (n int)");

    assertThat(kit.texts("SELECT to_regclass('{schema}.entries')")).containsExactly((String) null);
  }

  @Test
  @Order(5)
  void next_afterADroppedTable_hasTheSchemaOfTheMigrations(Kit kit) {
    assertThat(kit.texts("SELECT to_regclass('{schema}.another')")).containsExactly((String) null);
    kit.add("new");
  }

  @Nested
  class Inner {
    @Test
    void nested_sharesDatabaseAndPlinth(Plinth inner, TestDatabase database, Kit kit) {
      assertThat(inner).isSameAs(plinth);
      assertThat(database.url()).contains(kit.texts("SELECT current_database()").get(0));
    }
  }
}
