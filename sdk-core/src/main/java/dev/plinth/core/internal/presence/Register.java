package dev.plinth.core.internal.presence;

import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.presence.LiveConnection;
import dev.plinth.core.presence.NewConnection;
import dev.plinth.core.presence.TooManyConnectionsException;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.net.InetAddress;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Inserts connections, as many as are allowed. */
final class Register {
  /**
   * Registrations with a limit go one after the other, each seeing what the one before committed.
   */
  private static final String ONE_AT_A_TIME =
      "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(?, 0))";

  /** KEY SHARE waits for a deletion under way, which the foreign key would answer by an error. */
  private static final String INSERT =
      """
      INSERT INTO {schema}.websocket_connections AS c (
        id, tenant_id, user_id, session_id, instance_id, ip_address, user_agent, metadata,
        connected_at, last_seen_at, expires_at)
      SELECT ?, u.tenant_id, u.id, ?, ?, ?::inet, ?, ?::jsonb,
             {now}, {now}, {now} + make_interval(secs => ?)
      FROM {schema}.users u
      WHERE u.id = ?
        AND coalesce(u.tenant_id, '') = ?
        AND num_nulls(u.merged_into, u.erased_at) = 2
        AND (
          SELECT count(*)
          FROM {schema}.websocket_connections c
          WHERE c.user_id = u.id
            AND\s"""
          + ConnectionRows.LIVE
          + """
      ) < ?
      FOR KEY SHARE OF u
      RETURNING\s"""
          + ConnectionRows.COLUMNS;

  private static final String IS_USER =
      """
      SELECT EXISTS (
        SELECT FROM {schema}.users u
        WHERE u.id = ?
          AND coalesce(u.tenant_id, '') = ?
          AND num_nulls(u.merged_into, u.erased_at) = 2)
      """;

  private final Schema schema;

  Register(Schema schema) {
    this.schema = schema;
  }

  LiveConnection register(
      Tx tx, UUID id, UUID instance, NewConnection connection, @Nullable Integer limit) {
    if (limit != null) {
      Sql.query(
          tx.connection(),
          ONE_AT_A_TIME,
          row -> true,
          "plinth connections " + schema.quoted() + ' ' + connection.userId());
    }
    return insert(tx, id, instance, connection, limit == null ? Integer.MAX_VALUE : limit)
        .orElseThrow(
            () ->
                limit == null || !isUser(tx, connection.userId())
                    ? new UnknownUserException(connection.userId())
                    : new TooManyConnectionsException(connection.userId(), limit));
  }

  private Optional<LiveConnection> insert(
      Tx tx, UUID id, UUID instance, NewConnection connection, int limit) {
    return Sql.first(
        tx.connection(),
        schema.render(INSERT),
        ConnectionRows::connection,
        id,
        connection.sessionId(),
        instance,
        text(connection.ipAddress()),
        connection.userAgent(),
        connection.metadata(),
        connection.timeToLive(),
        connection.userId(),
        ConnectionRows.tenant(tx),
        limit);
  }

  private boolean isUser(Tx tx, UUID userId) {
    return Sql.query(
            tx.connection(),
            schema.render(IS_USER),
            row -> row.getBoolean(1),
            userId,
            ConnectionRows.tenant(tx))
        .get(0);
  }

  /** Without the name of this machine's interface, which a link-local address carries. */
  private static @Nullable String text(@Nullable InetAddress address) {
    if (address == null) {
      return null;
    }
    String text = address.getHostAddress();
    int zone = text.indexOf('%');
    return zone < 0 ? text : text.substring(0, zone);
  }
}
