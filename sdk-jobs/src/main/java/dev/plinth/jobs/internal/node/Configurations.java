package dev.plinth.jobs.internal.node;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.node.NodeConfiguration;
import dev.plinth.jobs.node.NodeId;
import dev.plinth.jobs.node.UnknownNodeException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Configurations of nodes. */
final class Configurations {
  private static final String COLUMNS =
      """
      SELECT n.id, n.node_id, n.config, n.config_hash, n.is_active, n.created_at
      FROM {schema}.node_configurations n
      WHERE n.node_id = ?
        AND {tenant}
      """;
  private static final String LOCK =
      """
      SELECT n.id
      FROM {schema}.nodes n
      WHERE n.id = ?
        AND {tenant}
      FOR NO KEY UPDATE
      """;
  private static final String RETIRE =
      """
      UPDATE {schema}.node_configurations
      SET is_active = FALSE
      WHERE node_id = ?
        AND is_active
      """;
  private static final String INSERT =
      """
      INSERT INTO {schema}.node_configurations
        (id, tenant_id, node_id, config, config_hash, created_at)
      SELECT ?, n.tenant_id, n.id, ?, ?, {now}
      FROM {schema}.nodes n
      WHERE n.id = ?
      """;

  /** Above every UUIDv7. */
  private static final UUID LAST = new UUID(-1L, -1L);

  private final UuidV7 ids;
  private final String active;
  private final String page;
  private final String lock;
  private final String retire;
  private final String insert;

  Configurations(Schema schema, UuidV7 ids) {
    this.ids = ids;
    String columns = COLUMNS.replace("{tenant}", NodeRows.TENANT);
    this.active = schema.render(columns + "  AND n.is_active");
    this.page = schema.render(columns + "  AND n.id < ?\nORDER BY n.id DESC\nLIMIT ?");
    this.lock = schema.render(LOCK.replace("{tenant}", NodeRows.TENANT));
    this.retire = schema.render(RETIRE);
    this.insert = schema.render(INSERT);
  }

  NodeConfiguration put(Tx tx, NodeId id, String config) {
    String tenant = tx.tenantId().orElse(null);
    if (Sql.first(tx.connection(), lock, row -> id, id.value(), tenant, tenant).isEmpty()) {
      throw new UnknownNodeException(id);
    }
    String hash = sha256(config);
    Optional<NodeConfiguration> now = active(tx, id);
    if (now.isPresent() && now.get().hash().equals(hash)) {
      return now.get();
    }
    Sql.update(tx.connection(), retire, id.value());
    Sql.update(tx.connection(), insert, ids.next(), config, hash, id.value());
    return active(tx, id).orElseThrow();
  }

  Optional<NodeConfiguration> active(Tx tx, NodeId id) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.first(
        tx.connection(), active, Configurations::configuration, id.value(), tenant, tenant);
  }

  List<NodeConfiguration> page(Tx tx, NodeId id, @Nullable UUID before, int limit) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.query(
        tx.connection(),
        page,
        Configurations::configuration,
        id.value(),
        tenant,
        tenant,
        before == null ? LAST : before,
        limit);
  }

  private static NodeConfiguration configuration(ResultSet row) throws SQLException {
    return new NodeConfiguration(
        row.getObject("id", UUID.class),
        NodeRows.id(row, "node_id"),
        row.getString("config"),
        row.getString("config_hash"),
        row.getBoolean("is_active"),
        NodeRows.time(row, "created_at"));
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
