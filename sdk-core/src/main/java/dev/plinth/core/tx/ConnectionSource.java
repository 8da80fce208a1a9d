package dev.plinth.core.tx;

import dev.plinth.core.spi.Args;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * Where connections come from, and what an environment calls "the current transaction".
 *
 * <p>A plain {@code DataSource} is wrapped by {@link #of(DataSource)}. Frameworks that bind a
 * transaction to the thread implement {@link #current()} and {@link #afterCommit}, so that
 * standalone calls take part in the transaction their caller is in.
 *
 * <p>Implementations are safe for use by many threads.
 */
public interface ConnectionSource {
  /**
   * A connection for a transaction that Plinth opens, ends and closes. Never one that belongs to
   * the transaction in {@link #current()}.
   *
   * @throws SQLException when none can be had
   */
  Connection open() throws SQLException;

  /**
   * A connection for reads whose method says that it allows staleness; may lead to a replica.
   *
   * @throws SQLException when none can be had
   */
  default Connection openForReads() throws SQLException {
    return open();
  }

  /** True when {@link #openForReads()} may lead to another server than {@link #open()}. */
  default boolean readsElsewhere() {
    return false;
  }

  /**
   * The pool behind {@link #open()}, whose use {@code plinth.health()} tells where it is HikariCP;
   * empty when there is none or it is not known.
   */
  default Optional<DataSource> dataSource() {
    return Optional.empty();
  }

  /**
   * The connection of the transaction that the calling thread is in, as the environment sees it.
   * Plinth joins it and never ends it.
   */
  default Optional<Connection> current() {
    return Optional.empty();
  }

  /**
   * Asks the environment to run a callback after the current transaction has committed.
   *
   * @return false when the environment cannot do that, or there is no current transaction; the
   *     callback is then not kept
   */
  default boolean afterCommit(Runnable callback) {
    return false;
  }

  /** Every connection comes from this data source; there is no current transaction to join. */
  static ConnectionSource of(DataSource dataSource) {
    Args.notNull(dataSource, "dataSource");
    return new ConnectionSource() {
      @Override
      public Connection open() throws SQLException {
        return dataSource.getConnection();
      }

      @Override
      public Optional<DataSource> dataSource() {
        return Optional.of(dataSource);
      }
    };
  }

  /** As {@link #of(DataSource)}, with reads that allow staleness going to a replica. */
  static ConnectionSource of(DataSource dataSource, DataSource readDataSource) {
    Args.notNull(dataSource, "dataSource");
    Args.notNull(readDataSource, "readDataSource");
    return new ConnectionSource() {
      @Override
      public Connection open() throws SQLException {
        return dataSource.getConnection();
      }

      @Override
      public Connection openForReads() throws SQLException {
        return readDataSource.getConnection();
      }

      @Override
      public boolean readsElsewhere() {
        return true;
      }

      @Override
      public Optional<DataSource> dataSource() {
        return Optional.of(dataSource);
      }
    };
  }
}
