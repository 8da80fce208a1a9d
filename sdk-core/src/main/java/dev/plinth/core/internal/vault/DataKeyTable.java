package dev.plinth.core.internal.vault;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Statements on {@code vault_data_keys} that encrypting and decrypting need. */
final class DataKeyTable {
  /** When a new epoch begins by itself. */
  private static final String SPENT =
      "(created_at < {now} - interval '90 days' OR uses >= " + Uses.NEW_EPOCH_AT + ")";

  private final String byId;
  private final String current;
  private final String newest;
  private final String insert;
  private final String insertAnyway;
  private final String isRetired;
  private final String addUses;
  private final String destroyed;

  DataKeyTable(Schema schema) {
    this.byId =
        schema.render(
            """
            SELECT id, key_id, wrapped, uses, false AS spent
            FROM {schema}.vault_data_keys
            WHERE id = ?
            """);
    // Nodes may differ for a while in which key is current: each takes the newest data key under
    // its own, so that they do not begin new epochs in turn.
    this.current =
        schema.render(
            """
            SELECT id, key_id, wrapped, uses, %s AS spent
            FROM {schema}.vault_data_keys
            WHERE key_id = ?
              AND retired_at IS NULL
            ORDER BY epoch DESC
            LIMIT 1
            """
                .formatted(SPENT));
    this.newest =
        schema.render(
            """
            SELECT id, key_id, wrapped, uses, false AS spent
            FROM {schema}.vault_data_keys
            WHERE retired_at IS NULL
            ORDER BY epoch DESC
            LIMIT 1
            """);
    // Of several nodes at once, those whose snapshot lacks the winner's row take the same epoch,
    // wait for its commit and insert nothing; those whose snapshot has it are stopped by HAVING.
    // HAVING judges the row that "current" reads and no other: an older one may be less used.
    this.insert =
        schema.render(
            """
            INSERT INTO {schema}.vault_data_keys (id, epoch, key_id, wrapped, created_at)
            SELECT ?, coalesce(max(epoch), 0) + 1, ?, ?, {now}
            FROM {schema}.vault_data_keys
            HAVING NOT EXISTS (
                SELECT FROM (
                  SELECT created_at, uses
                  FROM {schema}.vault_data_keys
                  WHERE key_id = ?
                    AND retired_at IS NULL
                  ORDER BY epoch DESC
                  LIMIT 1) latest
                WHERE NOT %s)
              AND NOT EXISTS (SELECT FROM {schema}.vault_retired_keys r WHERE r.key_id = ?)
            ON CONFLICT (epoch) DO NOTHING
            """
                .formatted(SPENT));
    this.insertAnyway =
        schema.render(
            """
            INSERT INTO {schema}.vault_data_keys (id, epoch, key_id, wrapped, created_at)
            SELECT ?, coalesce(max(epoch), 0) + 1, ?, ?, {now}
            FROM {schema}.vault_data_keys
            HAVING NOT EXISTS (SELECT FROM {schema}.vault_retired_keys r WHERE r.key_id = ?)
            ON CONFLICT (epoch) DO NOTHING
            """);
    this.isRetired = schema.render("SELECT 1 FROM {schema}.vault_retired_keys WHERE key_id = ?");
    this.addUses =
        schema.render("UPDATE {schema}.vault_data_keys SET uses = uses + ? WHERE id = ?");
    this.destroyed =
        schema.render("SELECT id FROM {schema}.vault_data_keys WHERE destroyed_at IS NOT NULL");
  }

  Optional<WrappedKey> find(Tx tx, UUID id) {
    return Sql.first(tx.connection(), byId, DataKeyTable::row, id);
  }

  /** The newest in use that this key wraps. */
  Optional<WrappedKey> current(Tx tx, String keyId) {
    return Sql.first(tx.connection(), current, DataKeyTable::row, keyId);
  }

  /** The newest in use, whichever key wraps it. */
  Optional<WrappedKey> newest(Tx tx) {
    return Sql.first(tx.connection(), newest, DataKeyTable::row);
  }

  /** Begins the next epoch; false when somebody else just did, or the key is retired. */
  boolean insert(Tx tx, WrappedKey key) {
    return Sql.update(
            tx.connection(), insert, key.id(), key.keyId(), key.wrapped(), key.keyId(), key.keyId())
        == 1;
  }

  /** Begins the next epoch even if the present one would do. */
  boolean insertAnyway(Tx tx, WrappedKey key) {
    return Sql.update(
            tx.connection(), insertAnyway, key.id(), key.keyId(), key.wrapped(), key.keyId())
        == 1;
  }

  /** Whether this key of the ring may wrap no data key any more. */
  boolean isRetired(Tx tx, String keyId) {
    return Sql.first(tx.connection(), isRetired, row -> 1, keyId).isPresent();
  }

  void addUses(Tx tx, UUID id, long uses) {
    Sql.update(tx.connection(), addUses, uses, id);
  }

  List<UUID> destroyed(Tx tx) {
    return Sql.query(tx.connection(), destroyed, row -> row.getObject(1, UUID.class));
  }

  private static WrappedKey row(ResultSet row) throws SQLException {
    return new WrappedKey(
        row.getObject("id", UUID.class),
        row.getString("key_id"),
        row.getBytes("wrapped"),
        row.getLong("uses"),
        row.getBoolean("spent"));
  }
}
