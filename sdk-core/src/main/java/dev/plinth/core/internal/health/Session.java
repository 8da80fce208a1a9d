package dev.plinth.core.internal.health;

import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection for questions that must end in time: each in a read-only transaction of its own,
 * with the server told to cancel it, and the socket to break when the server does not answer at
 * all.
 */
public final class Session implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Session.class);
  private static final int GRACE_MILLIS = 1_000;

  /**
   * Even a table's size takes a lock on it; whoever holds it is worth telling of, not waiting for.
   */
  private static final int LOCK_MILLIS = 300;

  private final Connection connection;
  private final Duration time;
  private final boolean autoCommit;
  private final int networkTimeout;

  /** Takes over the connection; each question may take that long. */
  public Session(Connection connection, Duration time) throws SQLException {
    this.connection = connection;
    this.time = time;
    try {
      this.autoCommit = connection.getAutoCommit();
      this.networkTimeout = connection.getNetworkTimeout();
      connection.setNetworkTimeout(Runnable::run, (int) time.toMillis() + GRACE_MILLIS);
      connection.setAutoCommit(false);
    } catch (SQLException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  /** Asks; what the question throws comes after its transaction has been rolled back. */
  public <T> T ask(Function<Connection, T> question) {
    try {
      Sql.execute(
          connection,
          "SET TRANSACTION READ ONLY; SET LOCAL plinth.all_tenants = 'on';"
              + " SET LOCAL lock_timeout = "
              + LOCK_MILLIS
              + "; SET LOCAL statement_timeout = "
              + time.toMillis());
      return question.apply(connection);
    } finally {
      try {
        connection.rollback();
      } catch (SQLException e) {
        log.debug("A connection was lost; its pool will notice", e);
      }
    }
  }

  @Override
  public void close() {
    try (connection) {
      if (!connection.isClosed()) {
        connection.setNetworkTimeout(Runnable::run, networkTimeout);
        if (autoCommit) {
          connection.setAutoCommit(true);
        }
      }
    } catch (SQLException e) {
      log.debug("A connection was lost; its pool will notice", e);
    }
  }
}
