package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.postgres.Rows;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.LongConsumer;
import javax.sql.DataSource;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * How soon another process can know of a row: it is inserted and announced in one commit, and a
 * thread that does nothing else listens. Nothing is claimed.
 */
final class LimitListen implements JobContestant {
  private static final int LISTEN_MILLIS = 200;
  private static final String ANNOUNCE =
      "WITH row AS (INSERT INTO limit_queue (id, queue, priority, args) VALUES (?, 'default', 0, '{}'))"
          + " SELECT pg_notify('benchmark', ?)";

  private final DataSource pool;

  LimitListen(DataSource pool) {
    this.pool = pool;
  }

  @Override
  public String version() {
    return "plain JDBC: LISTEN";
  }

  @Override
  public void install() throws SQLException {
    try (Connection connection = pool.getConnection()) {
      Rows.execute(connection, LimitTables.QUEUE);
    }
  }

  @Override
  public void enqueue(long number) throws SQLException {
    try (Connection connection = pool.getConnection();
        PreparedStatement announce = connection.prepareStatement(ANNOUNCE)) {
      announce.setLong(1, number);
      announce.setString(2, Long.toString(number));
      announce.execute();
    }
  }

  @Override
  public void enqueueAll(long from, long to) {
    throw new UnsupportedOperationException("This limit only announces");
  }

  @Override
  public Workers start(int workers, LongConsumer handler) throws SQLException {
    Connection connection = pool.getConnection();
    Rows.execute(connection, "LISTEN benchmark");
    PGConnection listening = connection.unwrap(PGConnection.class);
    WorkerThreads threads = new WorkerThreads(1, () -> listen(listening, handler));
    return () -> {
      threads.close();
      connection.close();
    };
  }

  private static boolean listen(PGConnection listening, LongConsumer handler) throws SQLException {
    PGNotification[] heard = listening.getNotifications(LISTEN_MILLIS);
    if (heard != null) {
      for (PGNotification notification : heard) {
        handler.accept(Long.parseLong(notification.getParameter()));
      }
    }
    return true;
  }

  /** Being heard is all there is. */
  @Override
  public String unfinished() {
    return "SELECT 0";
  }

  @Override
  public Optional<String> finished() {
    return Optional.of("SELECT count(*) FROM limit_queue");
  }

  @Override
  public void close() {
    // Everything belongs to the pool.
  }
}
