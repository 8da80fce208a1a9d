package dev.plinth.test;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** The shift of a test database's time, kept in that database on a connection of its own. */
final class DatabaseOffset implements AutoCloseable {
  private static final String WRITE =
      "UPDATE plinth_test.clock SET offset_by = ? * interval '1 microsecond'";
  private static final String READ =
      "SELECT (extract(epoch FROM offset_by) * 1000000)::bigint FROM plinth_test.clock";

  private final TestDatabase database;
  private final boolean own;
  private @Nullable Connection connection;

  DatabaseOffset(TestDatabase database, boolean own) {
    this.database = database;
    this.own = own;
  }

  /** True when nobody outside this process moves it, so that there is no need to ask. */
  boolean isOwn() {
    return own;
  }

  synchronized void write(Duration offset) {
    try (PreparedStatement statement = connection().prepareStatement(WRITE)) {
      statement.setLong(1, offset.dividedBy(ChronoUnit.MICROS.getDuration()));
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("The test database's clock cannot be moved", e);
    }
  }

  synchronized Duration read() {
    try (Statement statement = connection().createStatement();
        ResultSet row = statement.executeQuery(READ)) {
      row.next();
      return Duration.of(row.getLong(1), ChronoUnit.MICROS);
    } catch (SQLException e) {
      throw new IllegalStateException("The test database's clock cannot be read", e);
    }
  }

  private Connection connection() throws SQLException {
    Connection current = connection;
    if (current == null || current.isClosed()) {
      current = database.connect();
      connection = current;
    }
    return current;
  }

  @Override
  public synchronized void close() {
    try (Connection closing = connection) {
      connection = null;
    } catch (SQLException e) {
      throw new IllegalStateException("The test clock's connection cannot be closed", e);
    }
  }
}
