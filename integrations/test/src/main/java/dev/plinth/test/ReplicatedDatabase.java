package dev.plinth.test;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A migrated database on a server of its own, with a streaming replica beside it, for tests of
 * reads that allow staleness. The replica can be made to lag, be stopped, and be promoted.
 *
 * <pre>{@code
 * try (ReplicatedDatabase replicated = ReplicatedDatabase.create()) {
 *   Plinth plinth = replicated.database().plinth(replicated.database().pool(5))
 *       .readDataSource(replicated.replicaPool(5))
 *       .build();
 *   replicated.pauseReplay();
 *   ...
 * }
 * }</pre>
 *
 * <p>Always from the embedded binaries, on loopback, whatever other tests run on; takes a few
 * seconds to make. Safe for use by many threads.
 */
public final class ReplicatedDatabase implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final OwnServer primary;
  private final TestDatabase database;
  private final OwnServer replica;
  private final List<HikariDataSource> pools = new ArrayList<>();

  private ReplicatedDatabase(OwnServer primary, TestDatabase database, OwnServer replica) {
    this.primary = primary;
    this.database = database;
    this.replica = replica;
  }

  /** A migrated database, and a replica that has replayed all of it. */
  public static ReplicatedDatabase create() {
    OwnServer primary = OwnServer.create(Map.of("max_prepared_transactions", "5"));
    try {
      TestDatabase database = primary.createDatabase();
      try (HikariDataSource pool = database.pool(2);
          Plinth plinth = database.plinth(pool).build()) {
        plinth.migrations().migrate();
      }
      ReplicatedDatabase made =
          new ReplicatedDatabase(primary, database, OwnServer.standbyOf(primary));
      made.awaitReplay();
      return made;
    } catch (RuntimeException e) {
      primary.close();
      throw e;
    }
  }

  /** The database as the primary has it. */
  public TestDatabase database() {
    return database;
  }

  /** The JDBC address of the same database on the replica, until that is started again. */
  public String replicaUrl() {
    return replica.url(database.name());
  }

  /**
   * A new pool on the replica, which gives up after a second and finds the replica after it was
   * started again; closed together with this.
   */
  public synchronized HikariDataSource replicaPool(int size) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(new AtReplica());
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    config.setConnectionTimeout(1_000);
    config.setInitializationFailTimeout(-1);
    HikariDataSource pool = new HikariDataSource(config);
    pools.add(pool);
    return pool;
  }

  /** Makes the replica lag from here on. */
  public void pauseReplay() {
    execute(replicaUrl(), "SELECT pg_wal_replay_pause()");
    // Asking is not pausing: replay stops at its next record, and says so from then on.
    await(
        "The replica does not pause",
        () -> {
          execute(database.url(), "SELECT pg_logical_emit_message(true, 'plinth-test', 'pause')");
          return ask(replicaUrl(), "SELECT pg_get_wal_replay_pause_state()").equals("paused");
        });
  }

  /** Lets it go on. */
  public void resumeReplay() {
    execute(replicaUrl(), "SELECT pg_wal_replay_resume()");
  }

  /** Returns when the replica has replayed what the primary has committed by now. */
  public void awaitReplay() {
    String wanted = ask(database.url(), "SELECT pg_current_wal_flush_lsn()");
    await(
        "The replica does not replay what the primary has",
        () -> ask(replicaUrl(), "SELECT pg_last_wal_replay_lsn() >= '" + wanted + "'").equals("t"));
  }

  /** Makes the replica a primary of its own, on a new timeline; there is no way back. */
  public void promote() {
    execute(replicaUrl(), "SELECT pg_promote(true, 120)");
  }

  /** Changes settings of the replica: at once those that PostgreSQL takes without a restart. */
  public void configureReplica(Map<String, String> settings) {
    replica.configure(settings);
    execute(replicaUrl(), "SELECT pg_reload_conf()");
  }

  /** Stops the replica, breaking off its sessions. */
  public void stopReplica() {
    replica.stop();
  }

  /** Starts it again; returns when it takes connections. */
  public void startReplica() {
    replica.start();
  }

  /** Closes the pools, ends both servers and removes their files. */
  @Override
  public synchronized void close() {
    pools.forEach(HikariDataSource::close);
    Closing.all(List.<AutoCloseable>of(replica, database, primary));
  }

  private static String ask(String url, String query) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return String.valueOf(row.getString(1));
    } catch (SQLException e) {
      throw new IllegalStateException("The server refused: " + query, e);
    }
  }

  private static void execute(String url, String sql) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException("The server refused: " + sql, e);
    }
  }

  private interface Condition {
    boolean holds();
  }

  private static void await(String otherwise, Condition condition) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException(otherwise + " within " + PATIENCE);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted: " + otherwise, e);
      }
    }
  }

  /** Connects to wherever the replica listens by now. */
  private final class AtReplica implements DataSource {
    @Override
    public Connection getConnection() throws SQLException {
      return DriverManager.getConnection(replicaUrl());
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
      throw new SQLFeatureNotSupportedException();
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
      return null;
    }

    @Override
    public void setLogWriter(@Nullable PrintWriter out) {}

    @Override
    public void setLoginTimeout(int seconds) {}

    @Override
    public int getLoginTimeout() {
      return 0;
    }

    @Override
    public Logger getParentLogger() {
      return Logger.getGlobal();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
      throw new SQLException("This DataSource wraps nothing");
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
      return false;
    }
  }
}
