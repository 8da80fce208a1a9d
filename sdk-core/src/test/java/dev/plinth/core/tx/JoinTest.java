package dev.plinth.core.tx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.User;
import dev.plinth.core.identity.Users;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** Transactions of the host's, handed over as a connection. */
@PlinthTest
class JoinTest {
  private final Plinth plinth;
  private final DataSource pool;

  JoinTest(Plinth plinth, DataSource pool) {
    this.plinth = plinth;
    this.pool = pool;
  }

  @Test
  void join_autoCommit_isRefused() throws SQLException {
    try (Connection host = pool.getConnection()) {
      assertThatThrownBy(() -> plinth.join(host))
          .isInstanceOf(NoTransactionException.class)
          .hasMessageContaining("call setAutoCommit(false) first, or let Plinth open");
    }
  }

  @Test
  void join_closed_isRefused() throws SQLException {
    Connection host = pool.getConnection();
    host.close();

    assertThatThrownBy(() -> plinth.join(host))
        .isInstanceOf(NoTransactionException.class)
        .hasMessageContaining("The connection is closed");
  }

  @Test
  void join_failedTransaction_isRefusedWithoutAStatement() throws SQLException {
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      assertThatThrownBy(() -> Sql.execute(host, "SELECT 1 / 0"))
          .isInstanceOf(DatabaseException.class);

      assertThatThrownBy(() -> plinth.join(host))
          .isInstanceOf(TransactionAbortedException.class)
          .hasMessageContaining("roll it back and look for the first error in it");
      host.rollback();
      assertThat(plinth.join(host).isJoined()).isTrue();
    }
  }

  @Test
  void join_nothing_isRefused() throws SQLException {
    assertThatThrownBy(() -> plinth.join(nothing())).hasMessage("connection must not be null");
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      assertThatThrownBy(() -> plinth.join(host, " ")).hasMessage("tenant must not be blank");
      assertThat(plinth.join(host, "a").tenantId()).contains("a");
      assertThat(plinth.join(host).tenantId()).isEmpty();
    }
  }

  @Test
  void joined_writesAndCollisions_neverEndOrChangeTheHostsTransaction() throws SQLException {
    List<String> called = new ArrayList<>();
    try (Connection real = pool.getConnection()) {
      real.setAutoCommit(false);
      Connection host = recording(real, called);
      JoinedTx tx = plinth.join(host);
      Users users = plinth.users().in(tx);
      User user = users.create(NewUser.withExternalId("a").email("a@example.org"));
      users.create(NewUser.withExternalId("b").email("b@example.org"));
      assertThatThrownBy(() -> users.update(user.withEmail("b@example.org")))
          .hasMessageContaining("email");
      users.update(user.withEmail("c@example.org"));
      users.deactivate(user.id());
      tx.committed();
      real.rollback();
    }

    assertThat(called)
        .doesNotContain("commit", "rollback", "close", "abort", "setAutoCommit", "setReadOnly")
        .doesNotContain("setTransactionIsolation", "setSchema");
    assertThat(plinth.users().page(null, 10)).isEmpty();
  }

  @Test
  void joined_serializationFailure_isNotRepeated() throws SQLException {
    AtomicInteger attempts = new AtomicInteger();
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Tx tx = plinth.join(host);

      assertThatThrownBy(
              () -> {
                attempts.incrementAndGet();
                Sql.execute(tx.connection(), "DO $$BEGIN RAISE SQLSTATE '40001'; END$$");
              })
          .isInstanceOf(DatabaseException.class);
    }
    assertThat(attempts).hasValue(1);
  }

  @Test
  void afterCommit_hostTellsTheCommit_runsOnceInOrder() throws SQLException {
    List<Integer> ran = new ArrayList<>();
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      JoinedTx tx = plinth.join(host);
      tx.afterCommit(() -> ran.add(1));
      tx.afterCommit(() -> ran.add(2));
      host.commit();
      assertThat(ran).isEmpty();
      tx.committed();
      tx.committed();
    }

    assertThat(ran).containsExactly(1, 2);
  }

  @Test
  void afterCommit_hostTellsTheRollback_neverRuns() throws SQLException {
    List<Integer> ran = new ArrayList<>();
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      JoinedTx tx = plinth.join(host);
      tx.afterCommit(() -> ran.add(1));
      host.rollback();
      tx.rolledBack();
      tx.committed();
    }

    assertThat(ran).isEmpty();
  }

  private static Connection recording(Connection real, List<String> called) {
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (self, method, arguments) -> {
              boolean toSavepoint = method.getName().equals("rollback") && arguments != null;
              called.add(toSavepoint ? "rollback to savepoint" : method.getName());
              try {
                return method.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** What Java code without null checks would pass. */
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T nothing() {
    return null;
  }
}
