package dev.plinth.core.internal.vault;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.vault.DataKeyInfo;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/** Statements on {@code vault_data_keys} that change keys, or tell of them. */
final class KeyRows {
  private static final String COLUMNS =
      "id, epoch, key_id, uses, created_at, retired_at, destroyed_at";

  private final String all;
  private final String one;
  private final String rewrap;
  private final String isTarget;
  private final String retire;
  private final String mayDestroy;
  private final String destroy;
  private final String forbidWrapping;
  private final String retireKey;

  KeyRows(Schema schema) {
    this.all =
        schema.render("SELECT %s FROM {schema}.vault_data_keys ORDER BY epoch".formatted(COLUMNS));
    this.one =
        schema.render("SELECT %s FROM {schema}.vault_data_keys WHERE id = ?".formatted(COLUMNS));
    this.rewrap =
        schema.render(
            """
            UPDATE {schema}.vault_data_keys
            SET key_id = ?, wrapped = ?
            WHERE id = ? AND key_id = ? AND wrapped = ?
              AND NOT EXISTS (SELECT FROM {schema}.vault_retired_keys r WHERE r.key_id = ?)
            """);
    this.isTarget =
        schema.render(
            "SELECT 1 FROM {schema}.vault_columns WHERE target_id = ? AND finished_at IS NULL");
    this.retire =
        schema.render(
            """
            UPDATE {schema}.vault_data_keys
            SET retired_at = {now}
            WHERE id = ? AND retired_at IS NULL
            """);
    this.mayDestroy =
        schema.render(
            """
            SELECT retired_at + interval '1 hour 1 minute' <= {now} AS old_enough,
              pg_snapshot_xmax(pg_current_snapshot())::text AS next_xid
            FROM {schema}.vault_data_keys
            WHERE id = ?
            """);
    this.destroy =
        schema.render(
            """
            UPDATE {schema}.vault_data_keys
            SET wrapped = NULL, destroyed_at = {now}
            WHERE id = ? AND destroyed_at IS NULL
              AND retired_at + interval '1 hour 1 minute' <= {now}
            """);
    // So that a node which is about to begin an epoch under the key either has done so, and is
    // seen, or sees that it must not.
    this.forbidWrapping =
        schema.render("LOCK TABLE {schema}.vault_data_keys IN SHARE ROW EXCLUSIVE MODE");
    this.retireKey =
        schema.render(
            """
            INSERT INTO {schema}.vault_retired_keys (key_id, retired_at)
            VALUES (?, {now})
            ON CONFLICT (key_id) DO NOTHING
            """);
  }

  List<DataKeyInfo> all(Tx tx) {
    return Sql.query(tx.connection(), all, KeyRows::info);
  }

  Optional<DataKeyInfo> find(Tx tx, UUID id) {
    return Sql.first(tx.connection(), one, KeyRows::info, id);
  }

  /** False when the row is no longer as it was read, or the key may wrap nothing any more. */
  boolean rewrap(Tx tx, WrappedKey old, String keyId, byte[] wrapped) {
    return Sql.update(
            tx.connection(), rewrap, keyId, wrapped, old.id(), old.keyId(), old.wrapped(), keyId)
        == 1;
  }

  boolean isTarget(Tx tx, UUID id) {
    return Sql.first(tx.connection(), isTarget, row -> 1, id).isPresent();
  }

  void retire(Tx tx, UUID id) {
    Sql.update(tx.connection(), retire, id);
  }

  /** The transaction number that every writer of before is below; empty if it is too early. */
  Optional<String> mayDestroy(Tx tx, UUID id) {
    return Sql.first(
            tx.connection(),
            mayDestroy,
            row -> row.getBoolean("old_enough") ? row.getString("next_xid") : "",
            id)
        .filter(xid -> !xid.isEmpty());
  }

  /** Whether every transaction with a number below this one has ended. */
  boolean haveEnded(Tx tx, String nextXid) {
    return Sql.query(
            tx.connection(),
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::numeric >= ?::numeric",
            row -> row.getBoolean(1),
            nextXid)
        .get(0);
  }

  boolean destroy(Tx tx, UUID id) {
    return Sql.update(tx.connection(), destroy, id) == 1;
  }

  /** Holds back whoever makes or changes a data key, until the transaction ends. */
  void forbidWrapping(Tx tx) {
    Sql.query(tx.connection(), "SELECT set_config('lock_timeout', '5s', true)", row -> 1);
    Sql.execute(tx.connection(), forbidWrapping);
  }

  void retireKey(Tx tx, String keyId) {
    Sql.update(tx.connection(), retireKey, keyId);
  }

  private static DataKeyInfo info(ResultSet row) throws SQLException {
    return new DataKeyInfo(
        Objects.requireNonNull(Sql.uuid(row, "id")),
        row.getInt("epoch"),
        row.getString("key_id"),
        row.getLong("uses"),
        Objects.requireNonNull(Sql.instant(row, "created_at")),
        Sql.instant(row, "retired_at"),
        Sql.instant(row, "destroyed_at"));
  }
}
