package dev.plinth.test.jobs;

import dev.plinth.core.PlinthException;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Fault;
import dev.plinth.jobs.JobFilter;
import dev.plinth.jobs.JobStatus;
import dev.plinth.jobs.Page;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthFixture;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.jobs.CrashReport.Reached;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Proves that handlers survive crashes: runs a {@link CrashScenario} again and again, each time in
 * a new database with {@code fsync=on}, and has its process die at another boundary of the jobs'
 * lives. Then another process finishes the work, and the scenario's own claims and {@code
 * jobs.check()} must hold.
 *
 * <pre>{@code
 * @Test
 * void transfer_processKilledAnywhere_moneyMovesOnce() {
 *   CrashReport report = CrashKit.of(TransferScenario.class).kill();
 *   assertThat(report.count(Boundary.BEFORE_HANDLER_COMMIT)).isPositive();
 * }
 * }</pre>
 *
 * <p>The scenario's jobs are run one after another on one thread, as {@link JobsTesting} does, so
 * that every run has the same boundaries: one before every statement and commit of that thread, one
 * at each step of a job's life, and those that the test names with {@link Crash#at}. Left out are
 * those of background work that changes nothing. Each takes about a second, so bound them with
 * {@link #atMost} where there are many. Immutable.
 */
public final class CrashKit {
  private static final int AT_A_TIME = 2;
  private static final int MOST = 100;
  private static final int ROUNDS = 100;
  private static final int FAILURES = 50;
  private static final String SESSIONS = "plinth-crash";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Class<? extends CrashScenario> type;
  private final Set<Boundary> only;
  private final int atMost;

  private CrashKit(Class<? extends CrashScenario> type, Set<Boundary> only, int atMost) {
    this.type = type;
    this.only = only;
    this.atMost = atMost;
  }

  /** For a scenario; every boundary, but at most a hundred. */
  public static CrashKit of(Class<? extends CrashScenario> scenario) {
    return new CrashKit(Args.notNull(scenario, "scenario"), EnumSet.allOf(Boundary.class), MOST);
  }

  /** The same at boundaries of these kinds only. */
  public CrashKit only(Boundary first, Boundary... others) {
    return new CrashKit(type, EnumSet.of(first, others), atMost);
  }

  /** The same at no more than so many boundaries, evenly spread over the run. */
  public CrashKit atMost(int boundaries) {
    return new CrashKit(type, only, Args.range(boundaries, 1, 1_000_000, "boundaries"));
  }

  /** What happens to the process at a boundary, up to where the work is finished. */
  private interface Crashing {
    void crash(CrashScenario scenario, TestDatabase database, Reached boundary) throws Exception;
  }

  /**
   * Kills the process at each boundary in turn, as {@code kill -9} does.
   *
   * @throws AssertionError when the scenario's claims do not hold afterwards, or without any crash
   */
  public CrashReport kill() {
    return exercise(CrashKit::isSeenFromOutside, this::killed);
  }

  /**
   * Stops the process at each boundary in turn for longer than its lease, lets another one work,
   * then has it go on as the zombie it is by then, as after a long garbage collection or a
   * suspended machine.
   *
   * @throws AssertionError when the scenario's claims do not hold afterwards, or without any crash
   * @throws UnsupportedOperationException on Windows
   */
  public CrashReport pause() {
    return exercise(CrashKit::isSeenFromOutside, this::paused);
  }

  /**
   * Ends the process's database session at each statement in turn, by {@code pg_terminate_backend},
   * and after each COMMIT before it is answered; the process goes on. Forks nothing, and so takes
   * little time.
   *
   * @throws AssertionError when the scenario's claims do not hold afterwards, or without any crash
   */
  public CrashReport cut() {
    return exercise(CrashKit::isOnAConnection, this::cut);
  }

  private static boolean isSeenFromOutside(Boundary boundary) {
    return boundary != Boundary.AFTER_COMMIT_UNANSWERED;
  }

  private static boolean isOnAConnection(Boundary boundary) {
    return switch (boundary) {
      case AFTER_CLAIM, HANDLER_BEGUN, AFTER_HANDLER_COMMIT, NAMED, AFTER_COMPLETION -> false;
      default -> true;
    };
  }

  private interface Kinds {
    boolean include(Boundary boundary);
  }

  private CrashReport exercise(Kinds kinds, Crashing crashing) {
    List<Reached> all =
        boundaries().stream()
            .filter(reached -> kinds.include(reached.boundary()))
            .filter(reached -> only.contains(reached.boundary()))
            .toList();
    if (all.isEmpty()) {
      throw new AssertionError(
          "There is no such boundary in a run of " + type.getName() + ": " + only);
    }
    List<Reached> chosen = spread(all);
    ExecutorService executor = Executors.newFixedThreadPool(AT_A_TIME);
    try {
      List<Future<?>> crashes = new ArrayList<>();
      chosen.forEach(boundary -> crashes.add(executor.submit(() -> one(boundary, crashing))));
      for (Future<?> crash : crashes) {
        await(crash);
      }
    } finally {
      executor.shutdownNow();
    }
    return new CrashReport(all.size(), chosen);
  }

  private static void await(Future<?> crash) {
    try {
      crash.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof AssertionError failed
          ? failed
          : new AssertionError("The crash kit failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private List<Reached> spread(List<Reached> all) {
    if (all.size() <= atMost) {
      return all;
    }
    List<Reached> chosen = new ArrayList<>();
    for (int i = 0; i < atMost; i++) {
      chosen.add(all.get(atMost == 1 ? 0 : (int) ((long) i * (all.size() - 1) / (atMost - 1))));
    }
    return chosen;
  }

  /** Those of a run in which nothing happens, after which everything must be right. */
  private List<Reached> boundaries() {
    CrashScenario scenario = CrashNode.scenario(type);
    Boundaries boundaries = new Boundaries((reached, connection) -> {});
    try (PlinthFixture fixture = prepared(scenario)) {
      try (CrashNode node = CrashNode.watched(scenario, fixture.database(), boundaries)) {
        CrashMain.drain(node, boundaries);
      }
      finish(scenario, fixture.database());
    } catch (Throwable e) {
      throw new AssertionError(type.getName() + " fails even without a crash", e);
    }
    return boundaries.worthwhile();
  }

  private void one(Reached boundary, Crashing crashing) {
    CrashScenario scenario = CrashNode.scenario(type);
    try (PlinthFixture fixture = prepared(scenario)) {
      crashing.crash(scenario, fixture.database(), boundary);
      finish(scenario, fixture.database());
    } catch (Throwable e) {
      throw new AssertionError(
          type.getName() + " does not survive a crash at " + boundary + ": " + e.getMessage(), e);
    }
  }

  private static PlinthFixture prepared(CrashScenario scenario) throws Exception {
    PlinthFixture fixture =
        PlinthFixture.builder().durable(true).customize(scenario::customize).create();
    try (CrashNode node = CrashNode.of(scenario, fixture.database())) {
      scenario.prepare(node.plinth(), node.jobs());
      return fixture;
    } catch (Throwable e) {
      fixture.close();
      throw e;
    }
  }

  private ForkedJvm fork(TestDatabase database, Reached boundary) {
    String url = database.url();
    String named = url + (url.contains("?") ? "&" : "?") + "ApplicationName=" + SESSIONS;
    return ForkedJvm.start(
        CrashMain.class, named, type.getName(), Integer.toString(boundary.number()));
  }

  private void killed(CrashScenario scenario, TestDatabase database, Reached boundary) {
    try (ForkedJvm jvm = fork(database, boundary)) {
      jvm.await(CrashMain.REACHED);
      jvm.kill();
    }
    awaitTrue(() -> sessions(database, "application_name = '" + SESSIONS + "'") == 0);
  }

  private void paused(CrashScenario scenario, TestDatabase database, Reached boundary)
      throws InterruptedException, ExecutionException {
    ExecutorService heirs = Executors.newSingleThreadExecutor();
    try (ForkedJvm jvm = fork(database, boundary)) {
      jvm.await(CrashMain.REACHED);
      jvm.pause();
      Future<?> heir = heirs.submit(() -> inherit(scenario, database));
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

  private void cut(CrashScenario scenario, TestDatabase database, Reached boundary) {
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
      LockSupport.parkNanos(10_000_000L);
    }
  }

  private interface Claims {
    void hold(CrashNode node) throws Exception;
  }

  /** As another node would that comes later; then everything must be right. */
  private static void finish(CrashScenario scenario, TestDatabase database) {
    workOff(
        scenario,
        database,
        node -> {
          List<Fault> faults = node.jobs().check();
          if (!faults.isEmpty()) {
            throw new AssertionError("jobs.check() tells of " + faults);
          }
          scenario.verify(node.plinth(), node.jobs());
        });
  }

  private static void workOff(CrashScenario scenario, TestDatabase database, Claims claims) {
    try (CrashNode node = CrashNode.of(scenario, database)) {
      JobsTesting testing = inherited(node, database);
      for (int round = 0; isAnyRunning(node); round++) {
        if (round == ROUNDS) {
          throw new AssertionError(
              "Jobs are held by dead processes\n" + EnqueuedJobs.told(testing.enqueued()));
        }
        LockSupport.parkNanos(10_000_000L);
        inherited(node, database);
      }
      claims.hold(node);
    } catch (AssertionError | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Works off what can be had while another process may still hold something. */
  private static void inherit(CrashScenario scenario, TestDatabase database) {
    try (CrashNode node = CrashNode.of(scenario, database)) {
      inherited(node, database);
    }
  }

  private static JobsTesting inherited(CrashNode node, TestDatabase database) {
    // Others are dead by then; this one is too if it was there, and goes on under another id.
    database.clock().advance(node.plinth().instances().timeToLive().plusSeconds(1));
    JobsTesting testing = JobsTesting.of(node.plinth(), node.jobs(), database.clock());
    testing.drainToTheEnd();
    return testing;
  }

  private static boolean isAnyRunning(CrashNode node) {
    return !node.jobs().list(JobFilter.all().status(JobStatus.RUNNING), Page.first(1)).isEmpty();
  }
}
