package dev.plinth.core.internal.presence;

import dev.plinth.core.presence.LiveConnection;
import dev.plinth.core.presence.Presence;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Liveness;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads live connections of the transaction's tenant; every time is the database's. */
final class ConnectionRows {
  /** By the database's clock: not expired, and held by an instance that lives. */
  static final String LIVE =
      "(c.expires_at > {now} AND NOT " + Liveness.dead("c.instance_id") + ")";

  static final String OF_TENANT = "coalesce(c.tenant_id, '') = ?";

  static final String COLUMNS =
      """
      c.id, c.tenant_id, c.user_id, c.session_id, c.instance_id, pg_catalog.host(c.ip_address) AS ip,
      c.user_agent, c.metadata, c.connected_at, c.last_seen_at, c.expires_at
      """;

  private static final String SELECT =
      "SELECT "
          + COLUMNS
          + "FROM {schema}.websocket_connections c\nWHERE "
          + LIVE
          + "\n  AND "
          + OF_TENANT;

  private static final String FIND = SELECT + "\n  AND c.id = ?";

  private static final String LIST = SELECT + "\n  AND c.user_id = ?\nORDER BY c.id";

  private static final String PAGE =
      SELECT + "\n  AND (?::uuid IS NULL OR c.id > ?::uuid)\nORDER BY c.id\nLIMIT ?";

  private static final String COUNT =
      "SELECT count(*) AS live\nFROM {schema}.websocket_connections c\nWHERE c.user_id = ?\n  AND "
          + OF_TENANT
          + "\n  AND "
          + LIVE;

  private static final String PRESENCE =
      """
      SELECT c.user_id, count(*) AS live, max(c.last_seen_at) AS last_seen_at
      FROM {schema}.websocket_connections c
      WHERE c.user_id = ANY (?)
        AND\s"""
          + OF_TENANT
          + "\n  AND "
          + LIVE
          + "\nGROUP BY c.user_id";

  private final Schema schema;

  ConnectionRows(Schema schema) {
    this.schema = schema;
  }

  Optional<LiveConnection> find(Tx tx, UUID id) {
    return Sql.first(
        tx.connection(), schema.render(FIND), ConnectionRows::connection, tenant(tx), id);
  }

  List<LiveConnection> list(Tx tx, UUID userId) {
    return Sql.query(
        tx.connection(), schema.render(LIST), ConnectionRows::connection, tenant(tx), userId);
  }

  List<LiveConnection> page(Tx tx, @Nullable UUID after, int limit) {
    return Sql.query(
        tx.connection(),
        schema.render(PAGE),
        ConnectionRows::connection,
        tenant(tx),
        after,
        after,
        limit);
  }

  int count(Tx tx, UUID userId) {
    return Sql.query(
            tx.connection(), schema.render(COUNT), row -> row.getInt("live"), userId, tenant(tx))
        .get(0);
  }

  Map<UUID, Presence> presence(Tx tx, UUID[] userIds) {
    Map<UUID, Presence> there = new HashMap<>();
    Sql.query(
            tx.connection(),
            schema.render(PRESENCE),
            row ->
                Map.entry(
                    row.getObject("user_id", UUID.class),
                    new Presence(row.getInt("live"), instant(row, "last_seen_at"))),
            userIds,
            tenant(tx))
        .forEach(user -> there.put(user.getKey(), user.getValue()));
    return Map.copyOf(there);
  }

  static String tenant(Tx tx) {
    return tx.tenantId().orElse("");
  }

  static LiveConnection connection(ResultSet row) throws SQLException {
    return new LiveConnection(
        row.getObject("id", UUID.class),
        row.getString("tenant_id"),
        row.getObject("user_id", UUID.class),
        Sql.uuid(row, "session_id"),
        row.getObject("instance_id", UUID.class),
        address(row.getString("ip")),
        row.getString("user_agent"),
        Args.notNull(Sql.json(row, "metadata"), "metadata"),
        instant(row, "connected_at"),
        instant(row, "last_seen_at"),
        instant(row, "expires_at"));
  }

  /** PostgreSQL wrote it, so it is an address and no name to be resolved. */
  private static @Nullable InetAddress address(@Nullable String text) {
    try {
      return text == null ? null : InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("PostgreSQL wrote an address that is none", e);
    }
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    return Args.notNull(Sql.instant(row, column), column);
  }
}
