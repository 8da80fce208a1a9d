package dev.plinth.jobs.internal.node;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.node.Node;
import dev.plinth.jobs.node.NodeId;
import dev.plinth.jobs.node.NodeStatus;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Rows of {@code nodes} as objects. */
final class NodeRows {
  static final String COLUMNS =
      """
      n.id, n.tenant_id, n.name, n.region, pg_catalog.host(n.ip_address) AS ip, n.description,
        n.status, n.switched_off, n.status_since, n.api_key_id, n.instance_id, n.last_heartbeat,
        n.config_hash, n.metadata, n.version, n.created_at, n.updated_at
      """;

  /** A transaction of a tenant sees that tenant's rows only. */
  static final String TENANT = "(?::text IS NULL OR n.tenant_id = ?::text)";

  private NodeRows() {}

  static Node node(ResultSet row) throws SQLException {
    return new Node(
        id(row, "id"),
        row.getString("tenant_id"),
        row.getString("name"),
        row.getString("region"),
        address(row.getString("ip")),
        row.getString("description"),
        status(row, "status"),
        row.getBoolean("switched_off"),
        time(row, "status_since"),
        Sql.uuid(row, "api_key_id"),
        Sql.uuid(row, "instance_id"),
        Sql.instant(row, "last_heartbeat"),
        row.getString("config_hash"),
        Json.of(row.getString("metadata")),
        row.getLong("version"),
        time(row, "created_at"),
        time(row, "updated_at"));
  }

  static NodeId id(ResultSet row, String column) throws SQLException {
    return new NodeId(row.getObject(column, UUID.class));
  }

  static NodeStatus status(ResultSet row, String column) throws SQLException {
    return NodeStatus.valueOf(row.getString(column).toUpperCase(Locale.ROOT));
  }

  static Instant time(ResultSet row, String column) throws SQLException {
    return Objects.requireNonNull(Sql.instant(row, column), column);
  }

  /** PostgreSQL wrote it, so it is an address and no name to be resolved. */
  private static @Nullable InetAddress address(@Nullable String text) {
    try {
      return text == null ? null : InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("PostgreSQL wrote an address that is none", e);
    }
  }

  /** Without the zone of a link-local address, which PostgreSQL does not know. */
  static @Nullable String literal(@Nullable InetAddress address) {
    if (address == null) {
      return null;
    }
    String text = address.getHostAddress();
    int zone = text.indexOf('%');
    return zone < 0 ? text : text.substring(0, zone);
  }
}
