package dev.plinth.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

@PlinthTest(durable = true)
class ForkedJvmTest {
  /** Commits one row, leaves another uncommitted, and waits to be killed. */
  static final class Writer {
    private Writer() {}

    static void main(String[] args) throws SQLException {
      try (TestDatabase database = TestDatabase.attach(args[0]);
          Connection connection = database.connect()) {
        Sql.execute(connection, "CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
        connection.setAutoCommit(false);
        Sql.execute(connection, "INSERT INTO t VALUES (2)");
        ForkedJvm.report("offset " + database.clock().offset());
        ForkedJvm.awaitOrder("commit");
        connection.commit();
        ForkedJvm.report("committed");
        ForkedJvm.awaitOrder("end");
      }
    }
  }

  /** Fails. */
  static final class Failing {
    private Failing() {}

    static void main(String[] args) {
      throw new IllegalStateException("as asked: " + args[0]);
    }
  }

  /** Says what a variable of its environment holds. */
  static final class Telling {
    private Telling() {}

    static void main(String[] args) {
      ForkedJvm.report(args[0] + " is " + System.getenv(args[0]));
    }
  }

  @Test
  void start_environment_isAddedToThisProcessesOwn() {
    try (ForkedJvm jvm =
        ForkedJvm.start(
            Telling.class, List.of(), Map.of("PLINTH_TEST_TOLD", "a \"b\""), "PLINTH_TEST_TOLD")) {
      assertThat(jvm.await("is")).isEqualTo("PLINTH_TEST_TOLD is a \"b\"");
    }
    try (ForkedJvm jvm =
        ForkedJvm.start(Telling.class, List.of(), Map.of("PLINTH_TEST_TOLD", "x"), "PATH")) {
      assertThat(jvm.await("is")).isEqualTo("PATH is " + System.getenv("PATH"));
    }
  }

  @Test
  void kill_betweenStatements_leavesWhatWasCommitted(TestDatabase database) throws SQLException {
    database.clock().advance(Duration.ofHours(1));
    try (ForkedJvm jvm = ForkedJvm.start(Writer.class, database.url());
        Connection connection = database.connect()) {
      assertThat(jvm.await("offset")).isEqualTo("offset PT1H");

      jvm.kill();

      assertThat(jvm.isAlive()).isFalse();
      assertThat(jvm.waitFor()).isEqualTo(137);
      assertThat(Sql.query(connection, "SELECT n FROM t", row -> row.getInt(1))).containsExactly(1);
      Sql.execute(connection, "DROP TABLE t");
    }
  }

  @Test
  void send_order_letsTheProgramEndByItself(TestDatabase database) throws SQLException {
    try (ForkedJvm jvm = ForkedJvm.start(Writer.class, database.url());
        Connection connection = database.connect()) {
      jvm.await("offset");
      jvm.send("commit");
      jvm.await("committed");
      jvm.send("end");

      assertThat(jvm.waitFor()).isZero();
      assertThat(Sql.query(connection, "SELECT n FROM t ORDER BY n", row -> row.getInt(1)))
          .containsExactly(1, 2);
      Sql.execute(connection, "DROP TABLE t");
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void pause_untilResumed_doesNothing(TestDatabase database) throws Exception {
    try (ForkedJvm jvm = ForkedJvm.start(Writer.class, database.url());
        Connection connection = database.connect()) {
      jvm.await("offset");

      jvm.pause();
      Process ps = new ProcessBuilder("ps", "-o", "state=", "-p", Long.toString(jvm.pid())).start();
      assertThat(ps.inputReader().readLine()).startsWith("T");

      jvm.send("commit");
      assertThat(Sql.query(connection, "SELECT n FROM t", row -> row.getInt(1))).containsExactly(1);
      jvm.resume();
      jvm.await("committed");
      Sql.execute(connection, "DROP TABLE t");
    }
  }

  @Test
  void await_programFails_tellsWhatItSaid() {
    try (ForkedJvm jvm = ForkedJvm.start(Failing.class, "a reason")) {
      assertThatThrownBy(() -> jvm.await("anything"))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("ended without saying 'anything'");
      assertThat(jvm.waitFor()).isEqualTo(1);
      assertThatThrownBy(() -> jvm.await("anything"))
          .hasMessageContaining("its exit status is 1")
          .hasMessageContaining("as asked: a reason");
    }
  }
}
