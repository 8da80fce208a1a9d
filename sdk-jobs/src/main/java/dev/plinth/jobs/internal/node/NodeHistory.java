package dev.plinth.jobs.internal.node;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.node.NodeBeat;
import dev.plinth.jobs.node.NodeId;
import dev.plinth.jobs.node.NodeTransition;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads what nodes said, and when their status changed. */
final class NodeHistory {
  private static final String BEATS =
      """
      SELECT n.id, n.node_id, n.created_at, n.status, n.error_message, n.config_hash, n.metrics
      FROM {schema}.node_heartbeats n
      WHERE n.node_id = ?
        AND {tenant}
        AND n.id < ?
      ORDER BY n.id DESC
      LIMIT ?
      """;
  private static final String TRANSITIONS =
      """
      SELECT n.id, n.node_id, n.event_type, n.previous_status, n.new_status, n.reason,
             n.triggered_by, n.extra_data, n.created_at
      FROM {schema}.node_lifecycle_logs n
      WHERE n.node_id = ?
        AND {tenant}
        AND n.id < ?
      ORDER BY n.id DESC
      LIMIT ?
      """;

  /** Above every UUIDv7. */
  private static final UUID LAST = new UUID(-1L, -1L);

  private final String beats;
  private final String transitions;

  NodeHistory(Schema schema) {
    this.beats = schema.render(BEATS.replace("{tenant}", NodeRows.TENANT));
    this.transitions = schema.render(TRANSITIONS.replace("{tenant}", NodeRows.TENANT));
  }

  List<NodeBeat> beats(Tx tx, NodeId id, @Nullable UUID before, int limit) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.query(
        tx.connection(),
        beats,
        row ->
            new NodeBeat(
                row.getObject("id", UUID.class),
                NodeRows.id(row, "node_id"),
                NodeRows.time(row, "created_at"),
                row.getString("status"),
                row.getString("error_message"),
                row.getString("config_hash"),
                Sql.json(row, "metrics")),
        id.value(),
        tenant,
        tenant,
        before == null ? LAST : before,
        limit);
  }

  List<NodeTransition> transitions(Tx tx, NodeId id, @Nullable Long before, int limit) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.query(
        tx.connection(),
        transitions,
        NodeHistory::transition,
        id.value(),
        tenant,
        tenant,
        before == null ? Long.MAX_VALUE : before,
        limit);
  }

  private static NodeTransition transition(ResultSet row) throws SQLException {
    return new NodeTransition(
        row.getLong("id"),
        NodeRows.id(row, "node_id"),
        NodeTransition.Kind.valueOf(row.getString("event_type").toUpperCase(Locale.ROOT)),
        row.getString("previous_status") == null ? null : NodeRows.status(row, "previous_status"),
        NodeRows.status(row, "new_status"),
        row.getString("reason"),
        row.getString("triggered_by"),
        Sql.json(row, "extra_data"),
        NodeRows.time(row, "created_at"));
  }
}
