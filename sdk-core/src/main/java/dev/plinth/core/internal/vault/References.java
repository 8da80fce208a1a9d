package dev.plinth.core.internal.vault;

import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.vault.EncryptedColumn;
import dev.plinth.core.vault.KeyReference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Counts the values under a data key, which proves that there are none. */
final class References {
  private final ColumnRegistry registry;
  private final ColumnAccess access;

  References(ColumnRegistry registry, ColumnAccess access) {
    this.registry = registry;
    this.access = access;
  }

  /** One entry for each registered column. */
  List<KeyReference> of(UUID dataKeyId) {
    List<KeyReference> found = new ArrayList<>();
    for (EncryptedColumn declared : registry.all()) {
      Optional<ColumnAccess.Open> open = access.open(declared);
      long values =
          open.isEmpty()
              ? 0
              : open.get().returning(tx -> count(tx, open.get().column(), dataKeyId));
      found.add(
          new KeyReference(
              String.valueOf(declared.schema()),
              declared.table(),
              declared.column(),
              values,
              open.isEmpty() || open.get().column().indexed()));
    }
    return List.copyOf(found);
  }

  /** Only those that need the key. */
  List<KeyReference> needing(UUID dataKeyId) {
    return of(dataKeyId).stream().filter(one -> one.values() > 0).toList();
  }

  private static long count(Tx tx, Column column, UUID dataKeyId) {
    String by = column.dataKeyColumn();
    String condition = "substring(" + column.value() + " FROM 2 FOR 16) = ?";
    Object sought = bytes(dataKeyId);
    if (by != null) {
      condition = Column.quoted(by) + " = ?";
      sought = dataKeyId;
    }
    return Sql.query(
            tx.connection(),
            "SELECT count(*) FROM " + column.from() + " WHERE " + condition,
            row -> row.getLong(1),
            new Object[] {sought})
        .get(0);
  }

  static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(16)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }
}
