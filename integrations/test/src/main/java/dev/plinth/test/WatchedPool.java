package dev.plinth.test;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.Serial;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** A pool that knows who has its connections. */
final class WatchedPool extends HikariDataSource {
  /** What runs in the background still may have one when a test ends. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final Duration LOOK_EVERY = Duration.ofMillis(10);

  private final Map<Connection, Taken> lent = new ConcurrentHashMap<>();

  /** Where a connection was taken from the pool. */
  private static final class Taken extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    Taken() {
      super("Taken by the thread " + Thread.currentThread().getName());
    }
  }

  WatchedPool(HikariConfig config) {
    super(config);
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection connection = super.getConnection();
    forgetReturned();
    lent.put(connection, new Taken());
    return connection;
  }

  /**
   * Waits until every connection is back, though not for ever. Asks nothing of a pool that is
   * closed, which has taken them all away.
   *
   * @throws IllegalStateException when somebody keeps one; the causes say who
   */
  void requireAllReturned() {
    long end = System.nanoTime() + PATIENCE.toNanos();
    Collection<Taken> missing = missing();
    while (!missing.isEmpty() && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
      missing = missing();
    }
    if (!missing.isEmpty()) {
      IllegalStateException failure =
          new IllegalStateException(
              missing.size() + " connections of a test's pool were not returned to it");
      missing.forEach(failure::addSuppressed);
      throw failure;
    }
  }

  private Collection<Taken> missing() {
    if (isClosed()) {
      lent.clear();
    }
    forgetReturned();
    return lent.values();
  }

  private void forgetReturned() {
    lent.keySet().removeIf(WatchedPool::isReturned);
  }

  private static boolean isReturned(Connection connection) {
    try {
      return connection.isClosed();
    } catch (SQLException e) {
      throw new IllegalStateException("A pool's connection always knows whether it is closed", e);
    }
  }
}
