package dev.plinth.benchmarks.jobs;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.benchmarks.Pool;
import dev.plinth.benchmarks.Turn;
import dev.plinth.benchmarks.postgres.Rows;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

/**
 * One contestant's database during a turn: its pool, and a connection of the harness's own that
 * looks into its tables.
 */
final class JobTable implements AutoCloseable {
  private static final long PATIENCE_NANOS = 600_000_000_000L;
  private static final long BETWEEN_LOOKS_MILLIS = 10;

  private final HikariDataSource pool;
  private final Connection observer;
  private final JobContestant contestant;

  private JobTable(HikariDataSource pool, Connection observer, JobContestant contestant) {
    this.pool = pool;
    this.observer = observer;
    this.contestant = contestant;
  }

  /** Opens an empty database for a system and makes its tables. */
  static JobTable create(JobSystem systems, String name, Turn turn) throws Exception {
    JobTable table = connect(systems, name, turn);
    table.contestant.install();
    table.contestant.open();
    return table;
  }

  /** Opens a database in which another process has made the system's tables. */
  static JobTable join(JobSystem systems, String name, Turn turn) throws Exception {
    JobTable table = connect(systems, name, turn);
    table.contestant.open();
    return table;
  }

  private static JobTable connect(JobSystem systems, String name, Turn turn) throws SQLException {
    HikariDataSource pool = Pool.open(turn);
    return new JobTable(
        pool, DriverManager.getConnection(turn.url()), systems.on(name, pool, turn.sizes()));
  }

  JobContestant contestant() {
    return contestant;
  }

  /** What is dirty goes to disk now rather than while the next thing is measured. */
  void checkpoint() throws SQLException {
    Rows.execute(observer, "CHECKPOINT");
  }

  long unfinished() throws SQLException {
    return Rows.number(observer, contestant.unfinished());
  }

  /** Waits until the end of every job is durable. */
  void awaitFinished() throws SQLException, InterruptedException {
    long begun = System.nanoTime();
    while (unfinished() > 0) {
      if (System.nanoTime() - begun > PATIENCE_NANOS) {
        throw new IllegalStateException(unfinished() + " jobs are still unfinished");
      }
      Thread.sleep(BETWEEN_LOOKS_MILLIS);
    }
  }

  /**
   * Checks that so many jobs wait.
   *
   * @throws IllegalStateException when there are more or fewer
   */
  void checkUnfinished(long expected) throws SQLException {
    check("unfinished", expected, unfinished());
  }

  /** Checks that so many jobs are recorded as done, if they are recorded. */
  void checkFinished(long expected) throws SQLException {
    if (contestant.finished().isPresent()) {
      check("finished", expected, Rows.number(observer, contestant.finished().get()));
    }
  }

  private void check(String what, long expected, long found) {
    if (found != expected) {
      throw new IllegalStateException(
          contestant.version()
              + " has "
              + found
              + " "
              + what
              + " jobs, but should have "
              + expected);
    }
  }

  @Override
  public void close() throws Exception {
    try (HikariDataSource closedLast = pool;
        Connection closedSecond = observer) {
      contestant.close();
    }
  }
}
