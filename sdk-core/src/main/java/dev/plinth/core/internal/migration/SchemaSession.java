package dev.plinth.core.internal.migration;

import dev.plinth.core.internal.Settings;
import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.ConnectionUnavailableException;
import dev.plinth.core.tx.DatabaseException;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one connection that a call uses, in auto-commit mode while it does. Goes back to its pool as
 * it came: auto-commit, role and search_path restored, lock given up; or, when that fails, broken
 * off, so that the pool throws it away.
 */
final class SchemaSession implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SchemaSession.class);

  private static final String CHECK = "2s";

  private final Connection connection;
  private final boolean autoCommit;
  private final String searchPath;
  private final String role;
  private final String clientCheck;
  private boolean watched;
  private @Nullable SchemaLock lock;

  private SchemaSession(Connection connection) throws SQLException {
    this.connection = connection;
    this.autoCommit = connection.getAutoCommit();
    if (!autoCommit) {
      connection.setAutoCommit(true);
    }
    String[] before =
        Sql.query(
                connection,
                """
                SELECT current_setting('search_path'), current_setting('role'),
                  coalesce(current_setting('client_connection_check_interval', true), '0')
                """,
                row -> new String[] {row.getString(1), row.getString(2), row.getString(3)})
            .get(0);
    this.searchPath = before[0];
    this.role = before[1];
    this.clientCheck = before[2];
  }

  /** On the migration DataSource if one was given, else where all connections come from. */
  static SchemaSession ofOwner(Settings settings) {
    return open(
        () ->
            settings.migrationDataSource() != null
                ? Args.notNull(settings.migrationDataSource(), "dataSource").getConnection()
                : Args.notNull(settings.source(), "source").open());
  }

  /** On a connection such as the application itself uses. */
  static SchemaSession ofApplication(Settings settings) {
    return open(() -> Args.notNull(settings.source(), "source").open());
  }

  private static SchemaSession open(Opening opening) {
    Connection connection;
    try {
      connection = opening.open();
    } catch (SQLException e) {
      throw new ConnectionUnavailableException(
          "No connection for migrations could be had from the DataSource (" + e.getMessage() + ")",
          e);
    }
    try {
      return new SchemaSession(connection);
    } catch (SQLException | RuntimeException e) {
      discard(connection);
      throw new MigrationException("The connection for migrations does not work", e);
    }
  }

  Connection connection() {
    return connection;
  }

  /** Takes the lock, and keeps it until this session is closed. */
  void lock(SchemaLock wanted) {
    watched = true;
    watchClient(CHECK);
    wanted.acquire(connection);
    lock = wanted;
  }

  /**
   * Has the server end the session, and free the lock, soon after this process was killed: else it
   * would finish a long statement first, such as one that waits for another lock.
   */
  private void watchClient(String interval) {
    try {
      Sql.query(
          connection,
          "SELECT set_config('client_connection_check_interval', ?, false)",
          row -> true,
          interval);
    } catch (DatabaseException e) {
      log.debug("This server cannot watch its clients", e);
    }
  }

  @Override
  public void close() {
    try {
      if (lock != null) {
        lock.release(connection);
      }
      if (watched) {
        watchClient(clientCheck);
      }
      Sql.query(
          connection,
          "SELECT set_config('role', ?, false), set_config('search_path', ?, false)",
          row -> true,
          role,
          searchPath);
      if (!autoCommit) {
        connection.setAutoCommit(false);
      }
      connection.close();
    } catch (SQLException | RuntimeException e) {
      log.warn("A connection used for migrations could not be restored and is broken off", e);
      discard(connection);
    }
  }

  /** Ends the session on the server too, and with it whatever it still holds. */
  private static void discard(Connection connection) {
    try (connection) {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      log.debug("A broken connection could not be closed", e);
    }
  }

  private interface Opening {
    Connection open() throws SQLException;
  }
}
