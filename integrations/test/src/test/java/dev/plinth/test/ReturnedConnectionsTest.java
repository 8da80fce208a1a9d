package dev.plinth.test;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a test borrows it gives back, or is told. */
class ReturnedConnectionsTest {
  @Test
  void close_connectionOfAPoolIsKept_tellsWhoKeepsItAndClosesAllTheSame() throws SQLException {
    TestDatabase database = TestDatabase.create();
    HikariDataSource pool = database.pool(2);
    Connection kept = forgetful(pool);

    assertThatThrownBy(database::close)
        .rootCause()
        .hasMessage("1 connections of a test's pool were not returned to it")
        .satisfies(failure -> assertTells(failure, "forgetful"));

    assertThatCode(kept::close).doesNotThrowAnyException();
    assertThatThrownBy(pool::getConnection).isInstanceOf(SQLException.class);
    assertThatThrownBy(database::connect).hasMessageContaining("does not exist");
  }

  @Test
  void close_connectionOfANodeIsKept_tellsWhoKeepsIt() throws SQLException {
    try (PlinthFixture fixture = PlinthFixture.create()) {
      TestNode node = fixture.nodes().add("leaky");
      Connection kept = node.dataSource().getConnection();

      assertThatThrownBy(node::close)
          .rootCause()
          .satisfies(failure -> assertTells(failure, "tellsWhoKeepsIt"));

      kept.close();
    }
  }

  @Test
  void close_somebodyInTheBackgroundIsNotReadyYet_isWaitedFor() throws Exception {
    TestDatabase database = TestDatabase.create();
    HikariDataSource pool = database.pool(2);
    CountDownLatch has = new CountDownLatch(1);
    CompletableFuture<Void> busy =
        CompletableFuture.runAsync(
            () -> {
              try (Connection connection = pool.getConnection();
                  var statement = connection.createStatement()) {
                has.countDown();
                statement.execute("SELECT pg_sleep(1)");
              } catch (SQLException e) {
                throw new IllegalStateException(e);
              }
            });
    has.await(1, TimeUnit.MINUTES);

    database.close();

    busy.get(1, TimeUnit.MINUTES);
  }

  private static Connection forgetful(HikariDataSource pool) throws SQLException {
    try (Connection returned = pool.getConnection()) {
      returned.isValid(60);
    }
    return pool.getConnection();
  }

  private static void assertTells(Throwable failure, String method) {
    Throwable taken = failure.getSuppressed()[0];
    assertThatThrownBy(
            () -> {
              throw taken;
            })
        .hasMessage("Taken by the thread " + Thread.currentThread().getName())
        .hasStackTraceContaining(method);
  }
}
