package dev.plinth.core.internal.vault;

import dev.plinth.core.spi.Args;
import dev.plinth.core.vault.DataKeyInfo;
import dev.plinth.core.vault.KeyInUseException;
import dev.plinth.core.vault.KeyReference;
import dev.plinth.core.vault.VaultException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * The end of keys. Retiring is a fence: from then on no node reads the key as the one to encrypt
 * with, and a minute later none has it in memory as such. Destroying waits until everything that
 * was encrypted before is written, proves that nothing needs the key, and is final.
 */
final class Retire {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration POLL = Duration.ofMillis(50);

  private final ColumnAccess access;
  private final References references;
  private final KeyRows rows;
  private final DataKeyTable table;

  Retire(ColumnAccess access, References references, KeyRows rows, DataKeyTable table) {
    this.access = access;
    this.references = references;
    this.rows = rows;
    this.table = table;
  }

  DataKeyInfo retire(UUID id) {
    DataKeyInfo key = require(id);
    if (key.retiredAt() != null) {
      return key;
    }
    boolean newest =
        access.returning(tx -> table.newest(tx).filter(row -> row.id().equals(id)).isPresent());
    if (newest) {
      throw new KeyInUseException(
          id.toString(),
          "The data key "
              + id
              + " is the one that new values are encrypted under: begin a new epoch and rotate first",
          List.of());
    }
    if (access.returning(tx -> rows.isTarget(tx, id))) {
      throw new KeyInUseException(
          id.toString(),
          "A rotation that has not finished leads to the data key "
              + id
              + ": finish it, or rotate to"
              + " a newer key",
          List.of());
    }
    refuseWhileReferenced(id);
    access.returningAsOwner(
        tx -> {
          rows.retire(tx, id);
          return Boolean.TRUE;
        });
    return require(id);
  }

  DataKeyInfo destroy(UUID id) {
    DataKeyInfo key = require(id);
    if (key.destroyedAt() != null) {
      return key;
    }
    if (key.retiredAt() == null) {
      throw new VaultException("The data key " + id + " is in use: retire it first", null);
    }
    String nextXid =
        access
            .returning(tx -> rows.mayDestroy(tx, id))
            .orElseThrow(
                () ->
                    new VaultException(
                        "The data key "
                            + id
                            + " was retired at "
                            + key.retiredAt()
                            + ", less than an hour and a minute ago: a value may have been encrypted"
                            + " under it and not be written yet; come back later",
                        null));
    awaitWriters(id, nextXid);
    refuseWhileReferenced(id);
    access.returningAsOwner(tx -> rows.destroy(tx, id));
    return require(id);
  }

  void retireKey(String keyId) {
    access.returningAsOwner(
        tx -> {
          rows.forbidWrapping(tx);
          List<DataKeyInfo> wrapped = wrappedBy(rows.all(tx), keyId);
          if (!wrapped.isEmpty()) {
            throw new KeyInUseException(
                keyId,
                "The key \""
                    + keyId
                    + "\" wraps "
                    + wrapped.size()
                    + " data keys: put another one first in every key ring and rewrap",
                List.of());
          }
          rows.retireKey(tx, keyId);
          return Boolean.TRUE;
        });
  }

  static List<DataKeyInfo> wrappedBy(List<DataKeyInfo> keys, String keyId) {
    return keys.stream()
        .filter(key -> key.keyId().equals(keyId) && key.destroyedAt() == null)
        .toList();
  }

  DataKeyInfo require(UUID id) {
    Args.notNull(id, "dataKeyId");
    return access
        .returning(tx -> rows.find(tx, id))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "dataKeyId must be that of a data key in vault_data_keys"));
  }

  private void refuseWhileReferenced(UUID id) {
    List<KeyReference> needing = references.needing(id);
    if (!needing.isEmpty()) {
      throw new KeyInUseException(
          id.toString(),
          "Values are encrypted under the data key " + id + ": rotate first",
          needing);
    }
  }

  /** A value that was written and not committed cannot be counted yet. */
  private void awaitWriters(UUID id, String nextXid) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!access.returning(tx -> rows.haveEnded(tx, nextXid))) {
      if (System.nanoTime() - deadline > 0) {
        throw new VaultException(
            "Transactions are still running that were writing when the data key "
                + id
                + " was to be destroyed, and may hold values under it: come back when they have ended"
                + " (pg_stat_activity lists them by backend_xid)",
            null);
      }
      try {
        Thread.sleep(POLL.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new VaultException("Interrupted; the data key " + id + " was not destroyed", e);
      }
    }
  }
}
