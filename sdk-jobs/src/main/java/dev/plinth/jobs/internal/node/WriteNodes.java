package dev.plinth.jobs.internal.node;

import dev.plinth.core.event.Events;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.node.NewNode;
import dev.plinth.jobs.node.Node;
import dev.plinth.jobs.node.NodeDeleted;
import dev.plinth.jobs.node.NodeId;
import dev.plinth.jobs.node.StaleNodeException;
import java.util.Optional;

/** Registers, describes and deletes nodes. */
final class WriteNodes {
  private static final String REGISTER =
      """
      WITH made AS (
        INSERT INTO {schema}.nodes
          (id, tenant_id, name, region, ip_address, description, metadata, status_since, created_at,
           updated_at)
        VALUES (?, ?::text, ?, ?, ?::inet, ?, ?::jsonb, {now}, {now}, {now})
        ON CONFLICT (COALESCE(tenant_id, ''), name) DO NOTHING
        RETURNING id, tenant_id, status
      )
      INSERT INTO {schema}.node_lifecycle_logs
        (tenant_id, node_id, event_type, new_status, triggered_by, created_at)
      SELECT m.tenant_id, m.id, 'registered', m.status, 'manual', {now}
      FROM made m
      """;
  private static final String UPDATE =
      """
      UPDATE {schema}.nodes n
      SET region = ?,
          ip_address = ?::inet,
          description = ?,
          metadata = ?::jsonb,
          version = n.version + 1
      WHERE n.id = ?
        AND n.version = ?
        AND {tenant}
      RETURNING {columns}
      """;
  private static final String DELETE =
      """
      DELETE FROM {schema}.nodes n
      WHERE n.id = ?
        AND {tenant}
      RETURNING n.name, n.region
      """;
  private static final String DELETE_HEARTBEATS =
      """
      DELETE FROM {schema}.node_heartbeats
      WHERE node_id = ?
      """;

  private final UuidV7 ids;
  private final Events events;
  private final ReadNodes read;
  private final String register;
  private final String update;
  private final String delete;
  private final String deleteHeartbeats;

  WriteNodes(Schema schema, UuidV7 ids, Events events, ReadNodes read) {
    this.ids = ids;
    this.events = events;
    this.read = read;
    this.register = schema.render(REGISTER);
    this.update =
        schema.render(
            UPDATE.replace("{columns}", NodeRows.COLUMNS).replace("{tenant}", NodeRows.TENANT));
    this.delete = schema.render(DELETE.replace("{tenant}", NodeRows.TENANT));
    this.deleteHeartbeats = schema.render(DELETE_HEARTBEATS);
  }

  Node register(Tx tx, NewNode node) {
    while (true) {
      Sql.update(
          tx.connection(),
          register,
          ids.next(),
          tx.tenantId().orElse(null),
          node.name(),
          node.region(),
          NodeRows.literal(node.ipAddress()),
          node.description(),
          node.metadata());
      // Not there only when somebody has just deleted the one that was in the way.
      Optional<Node> registered = read.named(tx, node.name());
      if (registered.isPresent()) {
        return registered.get();
      }
    }
  }

  Node update(Tx tx, Node node) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.first(
            tx.connection(),
            update,
            NodeRows::node,
            node.region(),
            NodeRows.literal(node.ipAddress()),
            node.description(),
            node.metadata(),
            node.id().value(),
            node.version(),
            tenant,
            tenant)
        .orElseThrow(() -> new StaleNodeException(node.id(), node.version()));
  }

  boolean delete(Tx tx, NodeId id) {
    String tenant = tx.tenantId().orElse(null);
    Optional<NodeDeleted> deleted =
        Sql.first(
            tx.connection(),
            delete,
            row -> new NodeDeleted(id, row.getString("name"), row.getString("region")),
            id.value(),
            tenant,
            tenant);
    deleted.ifPresent(
        event -> {
          Sql.update(tx.connection(), deleteHeartbeats, id.value());
          events.publish(tx, event);
        });
    return deleted.isPresent();
  }
}
