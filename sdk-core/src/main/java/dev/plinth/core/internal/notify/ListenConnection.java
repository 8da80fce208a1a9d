package dev.plinth.core.internal.notify;

import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection that listens. Used by one thread; goes back to its pool as it came. */
final class ListenConnection implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ListenConnection.class);

  /** A server that does not answer within this time counts as gone. */
  private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(10);

  private final Connection connection;
  private final PGConnection postgres;
  private final Channel channel;
  private final boolean autoCommit;
  private final int networkTimeout;

  private ListenConnection(Connection connection, Channel channel) throws SQLException {
    this.connection = connection;
    this.channel = channel;
    this.postgres = connection.unwrap(PGConnection.class);
    this.autoCommit = connection.getAutoCommit();
    this.networkTimeout = connection.getNetworkTimeout();
  }

  /** Takes over the connection and begins to listen; closes it when that fails. */
  static ListenConnection on(Connection connection, Channel channel) throws SQLException {
    try {
      ListenConnection listening = new ListenConnection(connection, channel);
      connection.setAutoCommit(true);
      connection.setNetworkTimeout(Runnable::run, (int) ANSWERS_WITHIN.toMillis());
      Sql.execute(connection, "LISTEN " + channel.quoted());
      return listening;
    } catch (SQLException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  /** What has arrived, or arrives within the time. */
  List<Channel.Message> await(Duration time) throws SQLException {
    PGNotification[] arrived = postgres.getNotifications((int) time.toMillis());
    if (arrived == null) {
      return List.of();
    }
    return List.of(arrived).stream()
        .filter(each -> each.getName().equals(channel.name()))
        .map(each -> Channel.decode(each.getParameter()))
        .toList();
  }

  /** False when this is another session than the one that began to listen: a pooler's doing. */
  boolean stillListens() {
    return Sql.query(
            connection,
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_listening_channels() l WHERE l = ?)",
            row -> row.getBoolean(1),
            channel.name())
        .get(0);
  }

  @Override
  public void close() {
    try (connection) {
      if (!connection.isClosed()) {
        Sql.execute(connection, "UNLISTEN *");
        connection.setNetworkTimeout(Runnable::run, networkTimeout);
        connection.setAutoCommit(autoCommit);
      }
    } catch (SQLException | RuntimeException e) {
      log.debug("The LISTEN connection was lost; its pool will notice", e);
    }
  }
}
