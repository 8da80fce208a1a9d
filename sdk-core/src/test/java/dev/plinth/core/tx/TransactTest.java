package dev.plinth.core.tx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions.Isolation;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Transactions that Plinth opens itself. */
@PlinthTest
class TransactTest {
  private final TestDatabase database;
  private final Plinth plinth;

  TransactTest(TestDatabase database, Plinth plinth) {
    this.database = database;
    this.plinth = plinth;
  }

  @BeforeEach
  void hostTable() throws SQLException {
    try (Connection connection = database.connect()) {
      Sql.execute(
          connection,
          "DROP TABLE IF EXISTS t;"
              + "CREATE TABLE t (n int UNIQUE DEFERRABLE INITIALLY DEFERRED, v int DEFAULT 0)");
    }
  }

  @Test
  void transact_returns_commits() throws SQLException {
    int result =
        plinth.transactReturning(
            tx -> {
              insert(tx, 1);
              assertThat(rows()).isEmpty();
              assertThat(tx.isJoined()).isFalse();
              assertThat(tx.tenantId()).isEmpty();
              return 7;
            });

    assertThat(result).isEqualTo(7);
    assertThat(rows()).containsExactly(1);
  }

  @Test
  void transact_throwsChecked_rollsBackAndPassesItOn() throws SQLException {
    IOException failure = new IOException("work failed");

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      insert(tx, 1);
                      throw failure;
                    }))
        .isSameAs(failure);

    assertThat(rows()).isEmpty();
  }

  @Test
  void transact_throwsError_rollsBack() throws SQLException {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      insert(tx, 1);
                      throw new StackOverflowError();
                    }))
        .isInstanceOf(StackOverflowError.class);

    assertThat(rows()).isEmpty();
    assertThat(plinth.currentTransaction()).isEmpty();
  }

  @Test
  void transact_workSwallowsAFailedStatement_isToldThatNothingCommitted() throws SQLException {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      insert(tx, 1);
                      assertThatThrownBy(() -> Sql.execute(tx.connection(), "SELECT 1 / 0"))
                          .isInstanceOf(DatabaseException.class);
                    }))
        .isInstanceOf(TransactionAbortedException.class)
        .hasMessageContaining("Let the exception pass, or use a savepoint");

    assertThat(rows()).isEmpty();
  }

  @Test
  void transact_constraintFailsAtCommit_isToldWithItsState() throws SQLException {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      insert(tx, 1);
                      insert(tx, 1);
                    }))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.sqlState()).contains("23505"));

    assertThat(rows()).isEmpty();
  }

  @Test
  void transact_onDataSourceWithAutoCommitOff_commitsAndRollsBack() throws SQLException {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setMaximumPoolSize(1);
    config.setAutoCommit(false);
    try (HikariDataSource pool = new HikariDataSource(config);
        Plinth off = Plinth.builder().dataSource(pool).build()) {
      off.transact(tx -> insert(tx, 1));
      assertThatThrownBy(
              () ->
                  off.transact(
                      tx -> {
                        insert(tx, 2);
                        throw new IllegalStateException("no");
                      }))
          .hasMessage("no");
      off.transact(tx -> insert(tx, 3));
      try (Connection connection = pool.getConnection()) {
        assertThat(connection.getAutoCommit()).isFalse();
      }
    }

    assertThat(rows()).containsExactly(1, 3);
  }

  @Test
  void transact_rollbackFails_neverCommitsByRestoringAutoCommit() throws SQLException {
    DataSource failing = failingRollbacks();
    try (Plinth broken = Plinth.builder().dataSource(failing).build()) {
      assertThatThrownBy(
              () ->
                  broken.transact(
                      tx -> {
                        insert(tx, 1);
                        throw new IllegalStateException("work failed");
                      }))
          .hasMessage("work failed")
          .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    }

    assertThat(rows()).isEmpty();
  }

  @Test
  void transact_nested_isOneTransaction() throws SQLException {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      insert(tx, 1);
                      plinth.transact(
                          inner -> {
                            assertThat(inner).isSameAs(tx);
                            insert(inner, 2);
                          });
                      assertThat(plinth.currentTransaction()).containsSame(tx);
                      throw new IllegalStateException("outer");
                    }))
        .hasMessage("outer");

    assertThat(rows()).isEmpty();
    assertThat(plinth.currentTransaction()).isEmpty();
  }

  @Test
  void transactSeparately_outerRollsBack_isDurable() throws SQLException {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      insert(tx, 1);
                      plinth.<Integer, RuntimeException>transactSeparately(
                          TxOptions.defaults(),
                          own -> {
                            insert(own, 2);
                            assertThat(plinth.currentTransaction()).containsSame(own);
                            return 0;
                          });
                      assertThat(plinth.currentTransaction()).containsSame(tx);
                      throw new IllegalStateException("outer");
                    }))
        .hasMessage("outer");

    assertThat(rows()).containsExactly(2);
  }

  @Test
  void poolOfOne_nestedJoins_separateIsRefusedWithAdvice() throws SQLException {
    HikariDataSource one = database.pool(1, Duration.ofMillis(300));
    try (Plinth small = Plinth.builder().dataSource(one).build()) {
      small.transact(
          tx -> {
            insert(tx, 1);
            small.transact(inner -> insert(inner, 2));
            assertThatThrownBy(() -> small.transactSeparately(TxOptions.defaults(), own -> 0))
                .isInstanceOf(ConnectionUnavailableException.class)
                .hasMessageContaining("use in(tx), or a pool of at least two");
          });
    }

    assertThat(rows()).containsExactly(1, 2);
  }

  @Test
  void tenant_otherThanTheCurrentOne_isRefused() {
    plinth.transact(
        TxOptions.defaults().withTenant("a"),
        tx -> {
          assertThat(tx.tenantId()).contains("a");
          plinth.transact(inner -> assertThat(inner.tenantId()).contains("a"));
          plinth.transact(
              TxOptions.defaults().withTenant("a"), inner -> assertThat(inner).isSameAs(tx));
          assertThatThrownBy(
                  () -> plinth.transact(TxOptions.defaults().withTenant("b"), inner -> {}))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("another tenant");
        });
    plinth.transact(
        tx ->
            assertThatThrownBy(
                    () -> plinth.transact(TxOptions.defaults().withTenant("b"), inner -> {}))
                .isInstanceOf(IllegalStateException.class));
  }

  @Test
  void isolation_asked_isWhatTheTransactionHas() {
    for (Isolation isolation :
        List.of(Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ, Isolation.SERIALIZABLE)) {
      String shown =
          plinth.transactReturning(
              TxOptions.defaults().withIsolation(isolation),
              tx ->
                  Sql.query(tx.connection(), "SHOW transaction_isolation", row -> row.getString(1))
                      .get(0));

      assertThat(shown.toUpperCase(java.util.Locale.ROOT).replace(' ', '_'))
          .isEqualTo(isolation.name());
    }
  }

  @Test
  void serializationFailures_areRepeatedUntilAllIncrementsCount() throws Exception {
    plinth.transact(tx -> insert(tx, 1));
    TxOptions options =
        TxOptions.defaults().withIsolation(Isolation.REPEATABLE_READ).withMaxAttempts(1000);
    AtomicInteger attempts = new AtomicInteger();

    atOnce(
        8,
        () ->
            plinth.transact(
                options,
                tx -> {
                  attempts.incrementAndGet();
                  int v =
                      Sql.query(tx.connection(), "SELECT v FROM t", row -> row.getInt(1)).get(0);
                  Sql.update(tx.connection(), "UPDATE t SET v = ?", v + 1);
                }));

    assertThat(value()).isEqualTo(8);
    assertThat(attempts).hasValueGreaterThanOrEqualTo(8);
  }

  @Test
  void deadlock_isRepeated() throws Exception {
    plinth.transact(
        tx -> {
          insert(tx, 1);
          insert(tx, 2);
        });
    CyclicBarrier bothHoldOne = new CyclicBarrier(2);
    AtomicInteger number = new AtomicInteger();
    AtomicInteger attempts = new AtomicInteger();

    atOnce(
        2,
        () -> {
          int first = number.getAndIncrement() % 2 + 1;
          AtomicInteger mine = new AtomicInteger();
          plinth.transact(
              tx -> {
                attempts.incrementAndGet();
                increment(tx, first);
                if (mine.incrementAndGet() == 1) {
                  await(bothHoldOne);
                }
                increment(tx, 3 - first);
              });
        });

    assertThat(attempts).hasValue(3);
    assertThat(value()).isEqualTo(2);
  }

  @Test
  void maxAttempts_used_passesTheFailureOn() throws SQLException {
    AtomicInteger attempts = new AtomicInteger();

    assertThatThrownBy(
            () ->
                plinth.transact(
                    TxOptions.defaults().withMaxAttempts(3),
                    tx -> {
                      attempts.incrementAndGet();
                      insert(tx, 1);
                      raise(tx, "40001");
                    }))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.sqlState()).contains("40001"));

    assertThat(attempts).hasValue(3);
    assertThat(rows()).isEmpty();
  }

  @Test
  void retryableFailureWrappedByTheHost_isFoundAndRepeated() {
    AtomicInteger attempts = new AtomicInteger();

    plinth.transact(
        tx -> {
          if (attempts.incrementAndGet() == 1) {
            try {
              raise(tx, "40P01");
            } catch (DatabaseException e) {
              throw new IllegalStateException("the host's own", e);
            }
          }
        });

    assertThat(attempts).hasValue(2);
  }

  @Test
  void otherFailures_areNotRepeated() {
    AtomicInteger attempts = new AtomicInteger();

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      attempts.incrementAndGet();
                      raise(tx, "55P03");
                    }))
        .isInstanceOf(DatabaseException.class);

    assertThat(attempts).hasValue(1);
  }

  @Test
  void afterCommit_runsInOrderAfterTheCommitWithNoConnectionHeld_whateverOneThrows() {
    HikariDataSource one = database.pool(1);
    try (Plinth small = Plinth.builder().dataSource(one).build()) {
      List<String> ran = new ArrayList<>();
      small.transact(
          tx -> {
            insert(tx, 1);
            tx.afterCommit(() -> ran.add("first sees " + rowsOrFail()));
            tx.afterCommit(
                () -> {
                  throw new IllegalStateException("callback failed");
                });
            tx.afterCommit(
                () -> {
                  throw new AssertionError("callback failed badly");
                });
            tx.afterCommit(() -> ran.add("held " + active(one)));
            tx.afterCommit(() -> ran.add("current " + small.currentTransaction().isPresent()));
            assertThat(ran).isEmpty();
          });

      assertThat(ran).containsExactly("first sees [1]", "held 0", "current false");
    }
  }

  @Test
  void afterCommit_rolledBackOrRepeated_runsForTheAttemptThatCommittedOnly() {
    List<Integer> ran = new ArrayList<>();
    AtomicInteger attempts = new AtomicInteger();

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      tx.afterCommit(() -> ran.add(-1));
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");
    plinth.transact(
        tx -> {
          int attempt = attempts.incrementAndGet();
          tx.afterCommit(() -> ran.add(attempt));
          if (attempt == 1) {
            raise(tx, "40001");
          }
        });

    assertThat(ran).containsExactly(2);
  }

  @Test
  void readOnlyServerRole_writes_saysWhatToDo() {
    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      Sql.execute(tx.connection(), "SET TRANSACTION READ ONLY");
                      insert(tx, 1);
                    }))
        .isInstanceOf(ReadOnlyTransactionException.class)
        .hasMessageContaining("begin it READ WRITE");
  }

  @Test
  void missingTable_saysToMigrate() {
    assertThatThrownBy(
            () -> plinth.transact(tx -> Sql.execute(tx.connection(), "SELECT FROM nowhere")))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("run plinth.migrations().migrate() first");
  }

  @Test
  void arguments_bad_areRefused() {
    assertThatThrownBy(() -> plinth.transact(TransactTest.<TxAction<RuntimeException>>nothing()))
        .hasMessage("work must not be null");
    assertThatThrownBy(() -> plinth.transact(nothing(), tx -> {}))
        .hasMessage("options must not be null");
    assertThatThrownBy(() -> TxOptions.defaults().withMaxAttempts(0))
        .hasMessage("maxAttempts must be between 1 and 1000, but is 0");
    assertThatThrownBy(() -> TxOptions.defaults().withTenant(" "))
        .hasMessage("tenant must not be blank");
    assertThatCode(() -> plinth.transact(tx -> tx.afterCommit(nothing())))
        .hasMessage("callback must not be null");
  }

  private static void insert(Tx tx, int n) {
    Sql.update(tx.connection(), "INSERT INTO t (n) VALUES (?)", n);
  }

  private static void increment(Tx tx, int n) {
    Sql.update(tx.connection(), "UPDATE t SET v = v + 1 WHERE n = ?", n);
  }

  private static void raise(Tx tx, String state) {
    Sql.execute(tx.connection(), "DO $$BEGIN RAISE SQLSTATE '" + state + "'; END$$");
  }

  private int value() throws SQLException {
    try (Connection connection = database.connect()) {
      return Sql.query(connection, "SELECT max(v) FROM t", row -> row.getInt(1)).get(0);
    }
  }

  private List<Integer> rows() throws SQLException {
    try (Connection connection = database.connect()) {
      return Sql.query(connection, "SELECT n FROM t ORDER BY n", row -> row.getInt(1));
    }
  }

  private List<Integer> rowsOrFail() {
    try {
      return rows();
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  private static int active(HikariDataSource pool) {
    return pool.getHikariPoolMXBean().getActiveConnections();
  }

  private DataSource failingRollbacks() {
    return proxy(
        DataSource.class,
        database.pool(1),
        (method, target, arguments) -> {
          Object result = call(method, target, arguments);
          return result instanceof Connection connection
              ? proxy(
                  Connection.class,
                  connection,
                  (called, on, given) -> {
                    if (called.getName().equals("rollback")) {
                      throw new SQLException("refused", "XX000");
                    }
                    return call(called, on, given);
                  })
              : result;
        });
  }

  private interface Handler {
    Object handle(java.lang.reflect.Method method, Object target, Object[] arguments)
        throws Throwable;
  }

  private static <T> T proxy(Class<T> type, T target, Handler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> handler.handle(method, target, arguments)));
  }

  private static Object call(java.lang.reflect.Method method, Object target, Object[] arguments)
      throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static void atOnce(int number, Runnable work) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(number);
    try {
      List<Future<?>> outcomes = new ArrayList<>();
      for (int i = 0; i < number; i++) {
        outcomes.add(threads.submit(work));
      }
      for (Future<?> outcome : outcomes) {
        outcome.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** What Java code without null checks would pass. */
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T nothing() {
    return null;
  }
}
