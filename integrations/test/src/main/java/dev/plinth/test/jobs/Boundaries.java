package dev.plinth.test.jobs;

import dev.plinth.jobs.ManualRunner.Stage;
import dev.plinth.test.jobs.CrashReport.Reached;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Counts the boundaries that one thread passes, and lets something happen at one of them. What
 * other threads do, such as the heartbeat, has none, so that every run has the same.
 */
final class Boundaries {
  /** What happens at a boundary, on the thread that has come there. */
  interface Hit {
    /**
     * Happens.
     *
     * @param connection the one that is about to be used, or has committed; null between statements
     */
    void at(Reached reached, @Nullable Connection connection) throws SQLException;
  }

  private final Thread thread = Thread.currentThread();
  private final Hit hit;
  private final List<Passed> passed = new ArrayList<>();
  private @Nullable Stage stage;
  private boolean endingBegun;
  private int transaction;

  /** A boundary that was passed, and whether the transaction around it has written. */
  private record Passed(Reached reached, int transaction, boolean idle) {}

  /** On the thread whose boundaries count. */
  Boundaries(Hit hit) {
    this.hit = hit;
  }

  /** What happens before the first stage is entered makes no difference to a job. */
  private @Nullable Stage stageHere() {
    return Thread.currentThread() == thread ? stage : null;
  }

  void entered(Stage next) {
    stage = next;
    endingBegun = false;
    try {
      switch (next) {
        case CLAIMED -> reached(Boundary.AFTER_CLAIM, "the claim is durable", null, false);
        case RUNNING -> reached(Boundary.HANDLER_BEGUN, "the handler begins", null, false);
        case ENDED -> reached(Boundary.AFTER_COMPLETION, "the end is durable", null, false);
        default -> {}
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  void named(String name) {
    if (stageHere() == null) {
      return;
    }
    try {
      reached(Boundary.NAMED, name, null, false);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  void beforeStatement(Connection connection, String sql) throws SQLException {
    Stage at = stageHere();
    if (at == null) {
      return;
    }
    Boundary boundary =
        switch (at) {
          case SWEEPING -> Boundary.SWEEPING;
          case CLAIMING -> Boundary.CLAIMING;
          case RUNNING -> Boundary.IN_HANDLER;
          case ENDING -> endingBegun ? Boundary.COMPLETING : Boundary.BEFORE_COMPLETION;
          case CLAIMED, ENDED -> Boundary.COMPLETING;
        };
    endingBegun |= at == Stage.ENDING;
    reached(boundary, shortened(sql), connection, isIdleWork());
  }

  /** The statement changed rows, so its transaction is of interest. */
  void wrote() {
    if (stageHere() == null) {
      return;
    }
    passed.replaceAll(
        p -> p.transaction() == transaction ? new Passed(p.reached(), transaction, false) : p);
  }

  void beforeCommit(Connection connection) throws SQLException {
    Stage at = stageHere();
    if (at == null) {
      return;
    }
    Boundary boundary =
        switch (at) {
          case SWEEPING -> Boundary.SWEEPING;
          case CLAIMING -> Boundary.BEFORE_CLAIM_COMMIT;
          case RUNNING -> Boundary.BEFORE_HANDLER_COMMIT;
          default -> Boundary.BEFORE_COMPLETION_COMMIT;
        };
    reached(boundary, "COMMIT", connection, isIdleWork() && !hasWritten());
  }

  void afterCommit(Connection connection) throws SQLException {
    if (stageHere() == null) {
      return;
    }
    boolean idle = isIdleWork() && !hasWritten();
    reached(Boundary.AFTER_COMMIT_UNANSWERED, "COMMIT, unanswered", connection, idle);
    if (stage == Stage.RUNNING) {
      reached(Boundary.AFTER_HANDLER_COMMIT, "the handler has committed", null, false);
    }
    transaction++;
  }

  void afterRollback() {
    if (stageHere() != null) {
      transaction++;
    }
  }

  private boolean isIdleWork() {
    return stage == Stage.SWEEPING || stage == Stage.CLAIMING;
  }

  private boolean hasWritten() {
    return passed.stream().anyMatch(p -> p.transaction() == transaction && !p.idle());
  }

  private void reached(
      Boundary boundary, String label, @Nullable Connection connection, boolean idle)
      throws SQLException {
    Reached reached = new Reached(passed.size() + 1, boundary, label);
    passed.add(new Passed(reached, transaction, idle));
    hit.at(reached, connection);
  }

  /** Those passed that can make a difference: not those of background work that changed nothing. */
  List<Reached> worthwhile() {
    return passed.stream().filter(p -> !p.idle()).map(Passed::reached).toList();
  }

  private static String shortened(String sql) {
    String line = sql.strip().replaceAll("\\s+", " ");
    return line.length() <= 70 ? line : line.substring(0, 67) + "...";
  }
}
