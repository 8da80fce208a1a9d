package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.migration.OptionalScript;
import dev.plinth.core.tx.DatabaseException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.function.Function;

/** An optional script on the database of one Plinth. */
final class AppliedExtra implements OptionalScript {
  /** Opens a session and works in it. */
  interface Session {
    <T> T work(Function<Connection, T> work);
  }

  private final Extra extra;
  private final Session reading;
  private final Session changing;

  AppliedExtra(Extra extra, Session reading, Session changing) {
    this.extra = extra;
    this.reading = reading;
    this.changing = changing;
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
    return reading.work(connection -> text(extra.statements(connection)));
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
            run(connection, extra.statements(connection));
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

  private static String text(List<String> statements) {
    return String.join("", statements.stream().map(statement -> statement + ";\n").toList());
  }

  private void run(Connection connection, List<String> statements) {
    try {
      connection.setAutoCommit(!extra.isTransactional());
      try (Statement statement = connection.createStatement()) {
        for (String sql : statements) {
          statement.execute(sql);
        }
        if (extra.isTransactional()) {
          connection.commit();
        }
      } catch (SQLException e) {
        if (extra.isTransactional()) {
          connection.rollback();
        }
        throw e;
      } finally {
        connection.setAutoCommit(true);
      }
    } catch (SQLException | DatabaseException e) {
      throw new MigrationException(
          "The optional script "
              + extra.name()
              + " failed ("
              + e.getMessage()
              + "): mend the cause and apply it again",
          e);
    }
  }

  @Override
  public String toString() {
    return extra.name();
  }
}
