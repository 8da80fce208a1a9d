package dev.plinth.test.jobs;

import dev.plinth.core.PlinthException;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.jobs.CrashReport.Reached;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** What can happen to a process at a boundary. */
final class Crashes {
  private static final int FAILURES = 50;
  private static final long PAUSE_NANOS = 10_000_000L;
  private static final String SESSIONS = "plinth-crash";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private Crashes() {}

  private static ForkedJvm fork(CrashScenario scenario, TestDatabase database, Reached boundary) {
    String url = database.url();
    String named = url + (url.contains("?") ? "&" : "?") + "ApplicationName=" + SESSIONS;
    return ForkedJvm.start(
        CrashMain.class, named, scenario.getClass().getName(), Integer.toString(boundary.number()));
  }

  /** Dies as by {@code kill -9}. */
  static void kill(CrashScenario scenario, TestDatabase database, Reached boundary) {
    try (ForkedJvm jvm = fork(scenario, database, boundary)) {
      jvm.await(CrashMain.REACHED);
      jvm.kill();
    }
    awaitTrue(() -> sessions(database, "application_name = '" + SESSIONS + "'") == 0);
  }

  /** Stands still past its lease while another works, and goes on. */
  static void pause(CrashScenario scenario, TestDatabase database, Reached boundary)
      throws InterruptedException, ExecutionException {
    ExecutorService heirs = Executors.newSingleThreadExecutor();
    try (ForkedJvm jvm = fork(scenario, database, boundary)) {
      jvm.await(CrashMain.REACHED);
      jvm.pause();
      Future<?> heir = heirs.submit(() -> Heir.inherit(scenario, database));
      // The heir may have to wait for what the paused process has locked.
      awaitTrue(() -> heir.isDone() || sessions(database, "wait_event_type = 'Lock'") > 0);
      jvm.resume();
      jvm.send(CrashMain.GO_ON);
      jvm.await(CrashMain.FINISHED);
      heir.get();
    } finally {
      heirs.shutdownNow();
    }
  }

  /** Loses its session, and goes on with another. */
  static void cut(CrashScenario scenario, TestDatabase database, Reached boundary) {
    List<CrashNode> here = new ArrayList<>();
    Boundaries boundaries =
        new Boundaries(
            (reached, connection) -> {
              if (reached.number() == boundary.number() && connection != null) {
                terminate(database, connection);
                if (reached.boundary() == Boundary.AFTER_COMMIT_UNANSWERED) {
                  here.forEach(node -> node.pool().evictConnection(connection));
                  throw new SQLException("The connection was cut after a COMMIT", "08006");
                }
              }
            });
    try (CrashNode node = CrashNode.watched(scenario, database, boundaries)) {
      here.add(node);
      for (int failures = 0; !drained(node, boundaries); failures++) {
        if (failures == FAILURES) {
          throw new AssertionError("The jobs cannot be drained after the cut");
        }
      }
    }
  }

  private static boolean drained(CrashNode node, Boundaries boundaries) {
    try {
      CrashMain.drain(node, boundaries);
      return true;
    } catch (PlinthException e) {
      // As a dispatcher does: the next turn will do better.
      return false;
    }
  }

  private static void terminate(TestDatabase database, Connection connection) {
    int pid = Sql.query(connection, "SELECT pg_backend_pid()", row -> row.getInt(1)).get(0);
    try (Connection besides = database.connect()) {
      // Returns when the session is gone.
      Sql.query(besides, "SELECT pg_terminate_backend(?, 30000)", row -> row.getBoolean(1), pid);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long sessions(TestDatabase database, String which) {
    try (Connection connection = database.connect()) {
      return Sql.query(
              connection,
              "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                  + which,
              row -> row.getLong(1))
          .get(0);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void awaitTrue(BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("What the crash kit waits for has not come within a minute");
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
