package dev.plinth.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every public operation of core, found by reflection and called with arguments that fit its types,
 * gives back every connection it took and leaves it as it was, whether it succeeds or fails; with
 * pools of one to three, so that operations that need a second connection fail too.
 */
@PlinthTest
class NoLeakTest {
  /** Those that end or begin everything. */
  private static final Set<String> LEFT_OUT = Set.of("close", "start");

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void everyOperation_givesItsConnectionsBack(int size, TestDatabase database) throws Exception {
    try (HikariDataSource pool = pool(database, size);
        Plinth plinth = database.plinth(pool).readDataSource(pool).build()) {
      Samples samples = new Samples(plinth, () -> {});
      List<String> leaks = new ArrayList<>();
      int calls = 0;
      for (Map.Entry<Class<?>, Object> target : targets(plinth).entrySet()) {
        for (Method method : target.getKey().getMethods()) {
          if (LEFT_OUT.contains(method.getName())
              || Modifier.isStatic(method.getModifiers())
              || method.getDeclaringClass() == Object.class) {
            continue;
          }
          if (called(target.getValue(), method, samples)) {
            calls++;
            if (!isBack(pool)) {
              leaks.add(Samples.describe(method));
            }
          }
        }
      }

      assertThat(leaks).isEmpty();
      assertThat(calls).isGreaterThan(50);
      assertUntouched(pool, size);
    }
  }

  private static HikariDataSource pool(TestDatabase database, int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(database.url());
    config.setMaximumPoolSize(size);
    config.setConnectionTimeout(500);
    config.setLeakDetectionThreshold(30_000);
    return new HikariDataSource(config);
  }

  /** Plinth itself, and what its methods without arguments lead to. */
  private static Map<Class<?>, Object> targets(Plinth plinth) throws IllegalAccessException {
    Map<Class<?>, Object> targets = new LinkedHashMap<>();
    targets.put(Plinth.class, plinth);
    for (Method method : Plinth.class.getMethods()) {
      Class<?> type = method.getReturnType();
      if (method.getParameterCount() == 0
          && type.isInterface()
          && type.getName().startsWith("dev.plinth.core.")) {
        try {
          targets.put(type, method.invoke(plinth));
        } catch (InvocationTargetException e) {
          continue;
        }
      }
    }
    return targets;
  }

  /** False when there is no sample of an argument. Whatever the operation throws is its affair. */
  private static boolean called(Object target, Method method, Samples samples) {
    Parameter[] parameters = method.getParameters();
    @Nullable Object[] arguments = new @Nullable Object[parameters.length];
    try {
      for (int i = 0; i < arguments.length; i++) {
        arguments[i] = PublicEdgeTest.isNullable(parameters[i]) ? null : samples.of(parameters[i]);
      }
    } catch (IllegalStateException e) {
      return false;
    }
    Thread caller = new Thread(() -> Samples.call(target, method, arguments));
    caller.start();
    try {
      // What waits for as long as its argument says is interrupted, which leaks nothing either.
      caller.join(2_000);
      caller.interrupt();
      caller.join(PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return true;
  }

  /** At once for what ran on this thread; what it began on others may still be ending. */
  private static boolean isBack(HikariDataSource pool) {
    try {
      Awaitility.await()
          .pollInSameThread()
          .pollInterval(Duration.ofMillis(5))
          .pollDelay(Duration.ZERO)
          .atMost(PATIENCE)
          .until(() -> pool.getHikariPoolMXBean().getActiveConnections() == 0);
      return true;
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      return false;
    }
  }

  /** Every connection of the pool is writable, in auto-commit mode, and in no transaction. */
  private static void assertUntouched(HikariDataSource pool, int size) throws Exception {
    List<Connection> all = new ArrayList<>();
    try {
      for (int i = 0; i < size; i++) {
        all.add(
            Awaitility.await()
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(pool::getConnection, connection -> true));
      }
      for (Connection connection : all) {
        assertThat(connection.getAutoCommit()).isTrue();
        assertThat(connection.isReadOnly()).isFalse();
        try (var statement = connection.createStatement();
            var row =
                statement.executeQuery(
                    "SELECT current_setting('transaction_read_only'),"
                        + " current_setting('statement_timeout'), current_setting('lock_timeout'),"
                        + " (SELECT count(*) FROM pg_locks"
                        + " WHERE pid = pg_backend_pid() AND locktype = 'advisory')")) {
          row.next();
          assertThat(Stream.of(row.getString(1), row.getString(2), row.getString(3)))
              .containsExactly("off", "0", "0");
          assertThat(row.getInt(4)).isZero();
        }
      }
    } finally {
      for (Connection connection : all) {
        connection.close();
      }
    }
  }
}
