package dev.plinth.core.internal.vault;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/** Statements on {@code vault_data_keys}. */
final class DataKeyTable {
  private final String byId;
  private final String current;
  private final String insert;

  DataKeyTable(Schema schema) {
    this.byId =
        schema.render(
            """
            SELECT id, key_id, wrapped
            FROM {schema}.vault_data_keys
            WHERE id = ?
            """);
    // Nodes may differ for a while in which key is current: each takes the newest data key under
    // its own, so that they do not begin new epochs in turn.
    this.current =
        schema.render(
            """
            SELECT id, key_id, wrapped
            FROM {schema}.vault_data_keys
            WHERE key_id = ?
              AND retired_at IS NULL
            ORDER BY epoch DESC
            LIMIT 1
            """);
    // Of several nodes at once, those whose snapshot lacks the winner's row take the same epoch,
    // wait
    // for its commit and insert nothing; those whose snapshot has it are stopped by HAVING.
    this.insert =
        schema.render(
            """
            INSERT INTO {schema}.vault_data_keys (id, epoch, key_id, wrapped, created_at)
            SELECT ?, coalesce(max(epoch), 0) + 1, ?, ?, {now}
            FROM {schema}.vault_data_keys
            HAVING count(*) FILTER (WHERE key_id = ? AND retired_at IS NULL) = 0
            ON CONFLICT (epoch) DO NOTHING
            """);
  }

  Optional<WrappedKey> find(Tx tx, UUID id) {
    return Sql.first(tx.connection(), byId, DataKeyTable::row, id);
  }

  Optional<WrappedKey> current(Tx tx, String keyId) {
    return Sql.first(tx.connection(), current, DataKeyTable::row, keyId);
  }

  /** Begins the next epoch; false when somebody else just did. */
  boolean insert(Tx tx, WrappedKey key) {
    return Sql.update(tx.connection(), insert, key.id(), key.keyId(), key.wrapped(), key.keyId())
        == 1;
  }

  private static WrappedKey row(ResultSet row) throws SQLException {
    return new WrappedKey(
        row.getObject("id", UUID.class), row.getString("key_id"), row.getBytes("wrapped"));
  }
}
