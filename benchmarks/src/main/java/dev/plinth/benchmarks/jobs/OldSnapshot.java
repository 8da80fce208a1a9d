package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.postgres.Rows;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * A transaction that looks at the database once and then stays open: an idle report, a forgotten
 * session.
 */
final class OldSnapshot implements AutoCloseable {
  private final @Nullable Connection connection;

  private OldSnapshot(@Nullable Connection connection) {
    this.connection = connection;
  }

  /** Opens one; or none, for comparison. */
  static OldSnapshot open(String url, boolean really) throws SQLException {
    if (!really) {
      return new OldSnapshot(null);
    }
    Connection connection = DriverManager.getConnection(url);
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    Rows.text(connection, "SELECT pg_current_snapshot()");
    return new OldSnapshot(connection);
  }

  @Override
  public void close() throws SQLException {
    if (connection != null) {
      // It must have held to the end, or else nothing was measured.
      Rows.text(connection, "SELECT 1");
      connection.close();
    }
  }
}
