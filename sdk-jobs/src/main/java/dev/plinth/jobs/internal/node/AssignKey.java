package dev.plinth.jobs.internal.node;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.node.Node;
import dev.plinth.jobs.node.NodeId;
import dev.plinth.jobs.node.NodeKeyException;
import dev.plinth.jobs.node.UnknownNodeException;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Gives a node the API key it acts with. */
final class AssignKey {
  // Until the transaction ends nobody else gives the key away, so that the unique index is never
  // violated, which would abort a host's transaction.
  private static final String LOCK_KEY =
      """
      SELECT k.owner_type, k.tenant_id
      FROM {schema}.api_keys k
      WHERE k.id = ?
      FOR NO KEY UPDATE
      """;
  private static final String HOLDER =
      """
      SELECT n.id
      FROM {schema}.nodes n
      WHERE n.api_key_id = ?
        AND n.id <> ?
      """;
  private static final String ASSIGN =
      """
      UPDATE {schema}.nodes n
      SET api_key_id = ?::uuid,
          version = n.version + 1
      WHERE n.id = ?
        AND {tenant}
      RETURNING {columns}
      """;

  private final ReadNodes read;
  private final String lockKey;
  private final String holder;
  private final String assign;

  private record Key(String ownerType, @Nullable String tenant) {}

  AssignKey(Schema schema, ReadNodes read) {
    this.read = read;
    this.lockKey = schema.render(LOCK_KEY);
    this.holder = schema.render(HOLDER);
    this.assign =
        schema.render(
            ASSIGN.replace("{columns}", NodeRows.COLUMNS).replace("{tenant}", NodeRows.TENANT));
  }

  Node run(Tx tx, NodeId id, @Nullable UUID apiKey) {
    Node node = read.find(tx, id).orElseThrow(() -> new UnknownNodeException(id));
    if (Objects.equals(node.apiKeyId(), apiKey)) {
      return node;
    }
    if (apiKey != null) {
      require(tx, node, apiKey);
    }
    String tenant = tx.tenantId().orElse(null);
    return Sql.first(tx.connection(), assign, NodeRows::node, apiKey, id.value(), tenant, tenant)
        .orElseThrow(() -> new UnknownNodeException(id));
  }

  private void require(Tx tx, Node node, UUID apiKey) {
    Key key =
        Sql.first(
                tx.connection(),
                lockKey,
                row -> new Key(row.getString(1), row.getString(2)),
                apiKey)
            .filter(found -> Objects.equals(found.tenant(), node.tenantId()))
            .orElseThrow(() -> new NodeKeyException(apiKey, "does not exist in the node's tenant"));
    if (!key.ownerType().equals("node")) {
      throw new NodeKeyException(apiKey, "is owned by a " + key.ownerType());
    }
    Sql.first(
            tx.connection(), holder, row -> row.getObject(1, UUID.class), apiKey, node.id().value())
        .ifPresent(
            other -> {
              throw new NodeKeyException(apiKey, "is that of node " + other);
            });
  }
}
