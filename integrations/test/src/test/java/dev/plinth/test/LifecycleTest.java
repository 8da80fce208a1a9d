package dev.plinth.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.vault.Cell;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@PlinthTest(start = true, customizer = Kit.Customizer.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LifecycleTest {
  private final Kit ofTheClass;
  private final Set<Plinth> seen = new HashSet<>();

  LifecycleTest(Kit kit) {
    this.ofTheClass = kit;
  }

  @BeforeEach
  void before(Plinth plinth) {
    assertThat(seen.add(plinth)).isTrue();
  }

  @AfterEach
  void after(Plinth plinth) {
    assertThat(plinth.isStarted()).isTrue();
    assertThat(ofTheClass.isClosed()).isFalse();
  }

  @RepeatedTest(2)
  void start_everyTest_hasAStartedPlinthOfItsOwnAndTheOldOnesAreClosed(Plinth plinth) {
    assertThat(plinth.isStarted()).isTrue();
    assertThat(seen).filteredOn(Plinth::isStarted).containsExactly(plinth);
  }

  @Test
  void nodes_onTheSameDatabase_seeOneAnothersRows(TestNodes nodes, Kit kit) {
    TestNode a = nodes.start("a");
    TestNode b = nodes.add("b");

    a.get(Kit.class).add("of a");

    assertThat(b.get(Kit.class).texts("SELECT kind FROM {schema}.entries")).containsExactly("of a");
    assertThat(kit.texts("SELECT kind FROM {schema}.entries")).containsExactly("of a");
    assertThat(a.plinth().isStarted()).isTrue();
    assertThat(b.plinth().isStarted()).isFalse();
    a.close();
    assertThat(a.plinth().isStarted()).isFalse();
  }

  @Test
  void vault_onAnotherNode_readsWhatOneEncrypted(TestNodes nodes, Plinth plinth) {
    Cell cell = new Cell("credentials", "secret", "1");

    byte[] secret = plinth.vault().encrypt(cell, "hush".getBytes(StandardCharsets.UTF_8));

    assertThat(nodes.add("b").plinth().vault().decrypt(cell, secret)).asString().isEqualTo("hush");
  }

  @Test
  void dataSource_isThePoolOfThePlinth(DataSource pool, Plinth plinth) throws Exception {
    try (var connection = pool.getConnection()) {
      connection.setAutoCommit(false);
      assertThat(plinth.join(connection).connection()).isNotNull();
      connection.rollback();
    }
  }

  @Test
  void fixture_withoutJUnit_resetsAndCloses() {
    Kit before;
    try (PlinthFixture fixture =
        PlinthFixture.builder().schema("s").customize(new Kit.Customizer()).create()) {
      before = fixture.get(Kit.class);
      before.add("new");

      fixture.reset();

      assertThat(before.isClosed()).isTrue();
      assertThat(fixture.get(Kit.class).texts("SELECT kind FROM {schema}.entries")).isEmpty();
      assertThat(fixture.plinth().schema().name()).isEqualTo("s");
      assertThatThrownBy(() -> fixture.get(AutoCloseable.class))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("No module on the class path makes a java.lang.AutoCloseable");
    }
  }

  @Test
  void reset_aTransactionIsLeftOpen_saysWhatHoldsTheTables() throws Exception {
    try (PlinthFixture fixture = PlinthFixture.builder().customize(new Kit.Customizer()).create();
        var left = fixture.database().connect()) {
      fixture.get(Kit.class).add("new");
      left.setAutoCommit(false);
      try (var statement = left.createStatement()) {
        statement.execute("LOCK TABLE plinth.entries IN ROW EXCLUSIVE MODE");
      }

      assertThatThrownBy(fixture::reset)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("a transaction left open by an earlier one");
    }
  }
}
