package dev.plinth.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class FaultyProxyTest {
  private FaultyProxy network;
  private Connection through;
  private Connection direct;

  @BeforeEach
  void connect(TestDatabase database) throws SQLException {
    direct = database.connect();
    Sql.execute(direct, "CREATE TABLE t (n int)");
    network = FaultyProxy.to(database);
    through = DriverManager.getConnection(network.url());
  }

  @AfterEach
  void close() throws SQLException {
    through.close();
    network.close();
    Sql.execute(direct, "DROP TABLE t");
    direct.close();
  }

  @Test
  void faultless_passesEverythingOn() throws SQLException {
    through.setAutoCommit(false);
    for (int n = 0; n < 20; n++) {
      Sql.update(through, "INSERT INTO t VALUES (?)", n);
      through.commit();
    }
    Sql.update(through, "INSERT INTO t SELECT generate_series(20, 99999)");
    through.rollback();

    assertThat(rows()).hasSize(20);
    assertThat(Sql.query(through, "SELECT repeat('x', 100000)", row -> row.getString(1)).get(0))
        .hasSize(100_000);
    assertThat(network.connections()).isEqualTo(1);
  }

  @Test
  void loseNextCommit_afterItHappened_breaksTheConnectionAndKeepsTheRow() throws SQLException {
    through.setAutoCommit(false);
    Sql.update(through, "INSERT INTO t VALUES (1)");
    network.loseNextCommit(FaultyProxy.Loss.AFTER_IT_HAPPENED);

    assertThatThrownBy(through::commit)
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).startsWith("08"));

    assertThat(rows()).containsExactly(1);
    assertThat(network.isLossPending()).isFalse();
  }

  @Test
  void loseNextCommit_beforeItHappened_breaksTheConnectionAndLosesTheRow() throws SQLException {
    through.setAutoCommit(false);
    Sql.update(through, "INSERT INTO t VALUES (1)");
    network.loseNextCommit(FaultyProxy.Loss.BEFORE_IT_HAPPENED);

    assertThatThrownBy(through::commit).isInstanceOf(SQLException.class);

    assertThat(rows()).isEmpty();
  }

  @Test
  void loseNextCommit_commitIsAPreparedStatementByNow_isRecognised() throws SQLException {
    through.setAutoCommit(false);
    for (int n = 0; n < 20; n++) {
      Sql.update(through, "INSERT INTO t VALUES (?)", n);
      through.commit();
    }
    Sql.update(through, "INSERT INTO t VALUES (?)", 20);
    network.loseNextCommit(FaultyProxy.Loss.BEFORE_IT_HAPPENED);

    assertThatThrownBy(through::commit).isInstanceOf(SQLException.class);

    assertThat(rows()).hasSize(20);
  }

  @Test
  void loseNextStatement_outsideOfTransactionsAlone_breaksTheConnection() throws SQLException {
    network.loseNextStatement("INTO t", FaultyProxy.Loss.AFTER_IT_HAPPENED);
    through.setAutoCommit(false);
    Sql.update(through, "INSERT INTO t VALUES (1)");
    through.commit();
    through.setAutoCommit(true);
    Sql.query(through, "SELECT n FROM t", row -> row.getInt(1));
    assertThat(network.isLossPending()).isTrue();

    assertThatThrownBy(() -> Sql.update(through, "INSERT INTO t VALUES (?)", 2))
        .satisfies(e -> assertThat(SqlStates.isConnectionLoss(e)).isTrue());

    assertThat(network.isLossPending()).isFalse();
    assertThat(rows()).containsExactly(1, 2);
  }

  @Test
  void cutAll_breaksWhatIsThere_andWelcomesOthers() throws SQLException {
    network.cutAll();

    assertThatThrownBy(() -> through.createStatement().execute("SELECT 1"))
        .isInstanceOf(SQLException.class);
    try (Connection another = DriverManager.getConnection(network.url())) {
      assertThat(another.isValid(5)).isTrue();
    }
  }

  @Test
  void refuseNew_untilAllowed_refuses() throws SQLException {
    network.refuseNew(true);
    assertThatThrownBy(() -> DriverManager.getConnection(network.url()))
        .isInstanceOf(SQLException.class);
    assertThat(through.isValid(5)).isTrue();

    network.refuseNew(false);
    try (Connection another = DriverManager.getConnection(network.url())) {
      assertThat(another.isValid(5)).isTrue();
    }
  }

  @Test
  void delay_holdsBackWhatTheClientSends() throws SQLException {
    network.delay(Duration.ofMillis(100));
    long before = System.nanoTime();

    Sql.execute(through, "SELECT 1");

    assertThat(Duration.ofNanos(System.nanoTime() - before))
        .isGreaterThanOrEqualTo(Duration.ofMillis(100));
  }

  private List<Integer> rows() {
    return Sql.query(direct, "SELECT n FROM t", row -> row.getInt(1));
  }
}
