package dev.plinth.core.internal.vault;

import dev.plinth.core.spi.TxScope;
import dev.plinth.core.vault.DataKeyInfo;
import dev.plinth.core.vault.Rotation;
import dev.plinth.core.vault.VaultException;
import dev.plinth.core.vault.VaultHealth;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Looks at every data key that is not destroyed. */
final class Health {
  private final ColumnAccess access;
  private final KeyRows rows;
  private final DataKeys keys;
  private final Rotate rotate;
  private final TxScope standalone;

  Health(ColumnAccess access, KeyRows rows, DataKeys keys, Rotate rotate, TxScope standalone) {
    this.access = access;
    this.rows = rows;
    this.keys = keys;
    this.rotate = rotate;
    this.standalone = standalone;
  }

  VaultHealth look() {
    UUID current = null;
    String problem = null;
    try {
      current = keys.peek(standalone).map(DataKey::id).orElse(null);
    } catch (VaultException e) {
      problem = said(e);
    }
    Rotation rotation = rotate.progress();
    return new VaultHealth(
        current, problem, unreadable(), nearLimit(), rotation.isFinished(), rotation.failed());
  }

  /** The data keys that this process can neither remember nor unwrap, and why. */
  Map<UUID, String> unreadable() {
    Map<UUID, String> unreadable = new LinkedHashMap<>();
    for (DataKeyInfo key : access.returning(rows::all)) {
      if (key.destroyedAt() == null) {
        try {
          keys.find(standalone, key.id());
        } catch (VaultException e) {
          unreadable.put(key.id(), said(e));
        }
      }
    }
    return unreadable;
  }

  /** Newer epochs make the use of older ones of no concern. */
  private List<UUID> nearLimit() {
    Map<String, DataKeyInfo> newest = new LinkedHashMap<>();
    access.returning(rows::all).stream()
        .filter(key -> key.retiredAt() == null)
        .forEach(key -> newest.put(key.keyId(), key));
    return newest.values().stream()
        .filter(key -> key.uses() > Uses.NEW_EPOCH_AT)
        .map(DataKeyInfo::id)
        .toList();
  }

  private static String said(VaultException failure) {
    return String.valueOf(failure.getMessage());
  }
}
