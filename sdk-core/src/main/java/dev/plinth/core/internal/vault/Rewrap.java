package dev.plinth.core.internal.vault;

import dev.plinth.core.vault.DataKeyInfo;
import java.util.Optional;

/** Wraps data keys anew, one by one and with no connection held while the provider is asked. */
final class Rewrap {
  private final ColumnAccess access;
  private final KeyRows rows;
  private final DataKeyTable table;
  private final Unwrapping provider;

  Rewrap(ColumnAccess access, KeyRows rows, DataKeyTable table, Unwrapping provider) {
    this.access = access;
    this.rows = rows;
    this.table = table;
    this.provider = provider;
  }

  int all() {
    String keyId = provider.currentKeyId();
    int changed = 0;
    for (DataKeyInfo key : access.returning(rows::all)) {
      if (key.destroyedAt() == null && !key.keyId().equals(keyId)) {
        changed += one(key, keyId) ? 1 : 0;
      }
    }
    return changed;
  }

  private boolean one(DataKeyInfo key, String keyId) {
    Optional<WrappedKey> old = access.returning(tx -> table.find(tx, key.id()));
    if (old.isEmpty() || old.get().wrapped() == null || old.get().keyId().equals(keyId)) {
      return false;
    }
    DataKey dataKey = provider.unwrap(old.get());
    byte[] wrapped = provider.wrap(keyId, dataKey.key());
    return access.returningAsOwner(tx -> rows.rewrap(tx, old.get(), keyId, wrapped));
  }
}
