package dev.plinth.jobs.internal.node;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.node.Node;
import dev.plinth.jobs.node.NodeFilter;
import dev.plinth.jobs.node.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads nodes. */
final class ReadNodes {
  private static final String NODES =
      "SELECT " + NodeRows.COLUMNS + "FROM {schema}.nodes n\nWHERE TRUE\n";

  // A key that was rotated has a successor, which names it.
  private static final String OF_KEY =
      """
      WITH RECURSIVE keys AS (
        SELECT k.id, k.replaces, 0 AS steps
        FROM {schema}.api_keys k
        WHERE k.id = ?
        UNION ALL
        SELECT k.id, k.replaces, s.steps + 1
        FROM keys s
        JOIN {schema}.api_keys k ON k.id = s.replaces
      )
      SELECT {columns}
      FROM keys
      JOIN {schema}.nodes n ON n.api_key_id = keys.id
      WHERE {tenant}
      ORDER BY keys.steps
      LIMIT 1
      """;

  private final Schema schema;
  private final String find;
  private final String named;
  private final String ofKey;

  ReadNodes(Schema schema) {
    this.schema = schema;
    this.find = schema.render(NODES + "  AND n.id = ?\n  AND " + NodeRows.TENANT);
    this.named =
        schema.render(
            NODES + "  AND COALESCE(n.tenant_id, '') = COALESCE(?::text, '')\n  AND n.name = ?");
    this.ofKey =
        schema.render(
            OF_KEY.replace("{columns}", NodeRows.COLUMNS).replace("{tenant}", NodeRows.TENANT));
  }

  Optional<Node> find(Tx tx, NodeId id) {
    return first(tx, find, id.value());
  }

  Optional<Node> ofKey(Tx tx, UUID apiKey) {
    return first(tx, ofKey, apiKey);
  }

  private static Optional<Node> first(Tx tx, String sql, UUID id) {
    String tenant = tx.tenantId().orElse(null);
    return Sql.first(tx.connection(), sql, NodeRows::node, id, tenant, tenant);
  }

  Optional<Node> named(Tx tx, String name) {
    return Sql.first(tx.connection(), named, NodeRows::node, tx.tenantId().orElse(null), name);
  }

  /** A statement and its parameters. */
  record Query(String sql, List<@Nullable Object> parameters) {}

  List<Node> list(Tx tx, NodeFilter filter, @Nullable NodeId after, int limit) {
    Query query = listing(tx, filter, after, limit);
    return Sql.query(tx.connection(), query.sql(), NodeRows::node, query.parameters().toArray());
  }

  Query listing(Tx tx, NodeFilter filter, @Nullable NodeId after, int limit) {
    StringBuilder sql = new StringBuilder(NODES);
    List<@Nullable Object> parameters = new ArrayList<>();
    and(sql, parameters, "n.tenant_id = ?", tx.tenantId().orElse(null));
    and(sql, parameters, "n.status = ?", filter.status());
    and(sql, parameters, "n.region = ?", filter.region());
    and(sql, parameters, "n.id > ?", after == null ? null : after.value());
    sql.append("ORDER BY n.id\nLIMIT ?");
    parameters.add(limit);
    return new Query(schema.render(sql.toString()), parameters);
  }

  private static void and(
      StringBuilder sql,
      List<@Nullable Object> parameters,
      String condition,
      @Nullable Object value) {
    if (value != null) {
      sql.append("  AND ").append(condition).append('\n');
      parameters.add(value);
    }
  }
}
