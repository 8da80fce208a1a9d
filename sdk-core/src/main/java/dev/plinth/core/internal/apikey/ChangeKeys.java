package dev.plinth.core.internal.apikey;

import dev.plinth.core.apikey.ApiKey;
import dev.plinth.core.apikey.ApiKeysRevoked;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.StaleApiKeyException;
import dev.plinth.core.event.Events;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Changes and revokes keys of the transaction's tenant. */
final class ChangeKeys {
  private static final String UPDATE =
      """
      UPDATE {schema}.api_keys k
      SET name = ?,
          scopes = ?,
          metadata = ?::jsonb,
          expires_at = ?,
          version = version + 1
      WHERE id = ?
        AND version = ?
        AND coalesce(tenant_id, '') = coalesce(?, '')
      RETURNING\s"""
          + KeyRows.COLUMNS;

  /** In the order of ids, so that two who revoke the same keys do not wait for each other. */
  private static final String REVOKE =
      """
      UPDATE {schema}.api_keys k
      SET is_active = false,
          revoked_at = {now},
          version = version + 1
      FROM (
        SELECT id
        FROM {schema}.api_keys
        WHERE %s
          AND coalesce(tenant_id, '') = coalesce(?, '')
          AND is_active
        ORDER BY id
        FOR NO KEY UPDATE) mine
      WHERE k.id = mine.id
      RETURNING k.id, k.owner_type, k.owner_id
      """;

  private record Ended(UUID id, KeyOwner owner) {}

  private final String update;
  private final String revokeOne;
  private final String revokeAll;
  private final Events events;

  ChangeKeys(Schema schema, Events events) {
    this.update = schema.render(UPDATE);
    this.revokeOne = schema.render(String.format(REVOKE, "id = ?"));
    this.revokeAll = schema.render(String.format(REVOKE, "owner_type = ? AND owner_id = ?"));
    this.events = events;
  }

  ApiKey update(Tx tx, ApiKey key) {
    return Sql.first(
            tx.connection(),
            update,
            KeyRows::key,
            key.name(),
            key.scopes().toArray(String[]::new),
            key.metadata(),
            key.expiresAt(),
            key.id(),
            key.version(),
            tx.tenantId().orElse(null))
        .orElseThrow(() -> new StaleApiKeyException(key.id(), key.version()));
  }

  boolean revoke(Tx tx, UUID id) {
    return announce(tx, ended(tx, revokeOne, id, tx.tenantId().orElse(null))) > 0;
  }

  int revokeAll(Tx tx, KeyOwner owner) {
    return announce(tx, ended(tx, revokeAll, owner.kind(), owner.id(), tx.tenantId().orElse(null)));
  }

  private List<Ended> ended(Tx tx, String sql, @Nullable Object... parameters) {
    return Sql.query(
        tx.connection(),
        sql,
        row ->
            new Ended(
                KeyRows.uuid(row, "id"),
                KeyRows.owner(row.getString("owner_type"), row.getString("owner_id"))),
        parameters);
  }

  private int announce(Tx tx, List<Ended> ended) {
    if (!ended.isEmpty()) {
      List<UUID> ids = ended.stream().map(Ended::id).sorted().toList();
      events.publish(tx, new ApiKeysRevoked(ended.get(0).owner(), ids));
    }
    return ended.size();
  }
}
