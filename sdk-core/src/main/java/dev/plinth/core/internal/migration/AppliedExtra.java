package dev.plinth.core.internal.migration;

import dev.plinth.core.PlinthException;
import dev.plinth.core.internal.LockPatience;
import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.migration.OptionalScript;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** An optional script on the database of one Plinth. */
final class AppliedExtra implements OptionalScript {
  /** Opens a session and works in it. */
  interface Session {
    <T> T work(Function<Connection, T> work);
  }

  private final Extra extra;
  private final Session reading;
  private final Session changing;
  private final LockPatience patience;

  /** For every table it waits as long as the patience lasts. */
  AppliedExtra(Extra extra, Session reading, Session changing, Duration patience) {
    this.extra = extra;
    this.reading = reading;
    this.changing = changing;
    this.patience = new LockPatience(patience);
  }

  @Override
  public String name() {
    return extra.name();
  }

  @Override
  public String description() {
    return extra.description();
  }

  @Override
  public String sql() {
    return reading.work(connection -> text(extra.steps(connection)));
  }

  @Override
  public String undoSql() {
    return reading.work(connection -> text(extra.undo(connection)));
  }

  @Override
  public State state() {
    return reading.work(extra::state);
  }

  @Override
  public void apply() {
    changing.work(
        connection -> {
          if (extra.state(connection) != State.APPLIED) {
            run(connection, extra.steps(connection));
          }
          return true;
        });
  }

  @Override
  public void remove() {
    changing.work(
        connection -> {
          run(connection, extra.undo(connection));
          return true;
        });
  }

  private static String text(List<List<String>> steps) {
    return steps.stream()
        .flatMap(List::stream)
        .map(statement -> statement + ";\n")
        .collect(Collectors.joining());
  }

  private void run(Connection connection, List<List<String>> steps) {
    try {
      if (extra.isTransactional()) {
        inTransactions(connection, steps);
      } else {
        steps.forEach(step -> execute(connection, step));
      }
    } catch (PlinthException e) {
      throw new MigrationException(
          "The optional script "
              + extra.name()
              + " failed ("
              + e.getMessage()
              + "): mend the cause and apply it again",
          e);
    }
  }

  /** As when migrating: nobody is to queue behind a request for a lock. */
  private void inTransactions(Connection connection, List<List<String>> steps) {
    try (LockTimeout timeout = LockTimeout.of(connection, LockPatience.LOCK_TIMEOUT)) {
      for (List<String> step : steps) {
        patience.untilLocked(
            () -> {
              inTransaction(connection, step);
              return true;
            });
      }
    }
  }

  private static void inTransaction(Connection connection, List<String> step) {
    try {
      connection.setAutoCommit(false);
      try {
        execute(connection, step);
        connection.commit();
      } catch (SQLException | RuntimeException e) {
        connection.rollback();
        throw e;
      } finally {
        connection.setAutoCommit(true);
      }
    } catch (SQLException e) {
      throw Sql.failure(e);
    }
  }

  private static void execute(Connection connection, List<String> statements) {
    statements.forEach(statement -> Sql.execute(connection, statement));
  }

  @Override
  public String toString() {
    return extra.name();
  }
}
