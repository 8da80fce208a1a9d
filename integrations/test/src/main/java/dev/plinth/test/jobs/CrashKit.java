package dev.plinth.test.jobs;

import dev.plinth.core.spi.Args;
import dev.plinth.test.PlinthFixture;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.jobs.CrashReport.Reached;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

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
    return exercise(CrashKit::isSeenFromOutside, Crashes::kill);
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
    return exercise(CrashKit::isSeenFromOutside, Crashes::pause);
  }

  /**
   * Ends the process's database session at each statement in turn, by {@code pg_terminate_backend},
   * and after each COMMIT before it is answered; the process goes on. Forks nothing, and so takes
   * little time.
   *
   * @throws AssertionError when the scenario's claims do not hold afterwards, or without any crash
   */
  public CrashReport cut() {
    return exercise(CrashKit::isOnAConnection, Crashes::cut);
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
      Heir.finish(scenario, fixture.database());
    } catch (Throwable e) {
      throw new AssertionError(type.getName() + " fails even without a crash", e);
    }
    return boundaries.worthwhile();
  }

  private void one(Reached boundary, Crashing crashing) {
    CrashScenario scenario = CrashNode.scenario(type);
    try (PlinthFixture fixture = prepared(scenario)) {
      crashing.crash(scenario, fixture.database(), boundary);
      Heir.finish(scenario, fixture.database());
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
}
