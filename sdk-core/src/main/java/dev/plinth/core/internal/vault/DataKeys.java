package dev.plinth.core.internal.vault;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.ConnectionUnavailableException;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.core.vault.KeyProviderException;
import dev.plinth.core.vault.VaultException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.SecretKey;

/**
 * The data keys of this database, unwrapped and held in memory.
 *
 * <p>A new data key is always committed in a transaction of its own before anything is encrypted
 * under it: made inside the host's, it would vanish with a rollback while values under it, kept
 * elsewhere, did not. So every data key that can be read is durable and may be cached.
 */
final class DataKeys {
  private static final int CACHED = 1_000;
  private static final int ATTEMPTS = 100;
  private static final TxOptions SEES_THE_LATEST =
      TxOptions.defaults().withIsolation(TxOptions.Isolation.READ_COMMITTED);

  private final Transactions transactions;
  private final DataKeyTable table;
  private final UuidV7 ids;
  private final Unwrapping provider;
  private final Uses uses;
  private final Cache<UUID, DataKey> byId = Caffeine.newBuilder().maximumSize(CACHED).build();
  private final CurrentKeys current;

  DataKeys(
      Transactions transactions,
      DataKeyTable table,
      UuidV7 ids,
      Unwrapping provider,
      Uses uses,
      InstantSource clock) {
    this.transactions = transactions;
    this.table = table;
    this.ids = ids;
    this.provider = provider;
    this.uses = uses;
    this.current = new CurrentKeys(clock);
  }

  /**
   * The data key to encrypt one value with; read in the scope, made outside it if there is none.
   */
  DataKey toEncrypt(TxScope scope) {
    DataKey key = current(scope);
    uses.count(key);
    return key;
  }

  /** Counts one more value under the key. */
  void count(DataKey key) {
    uses.count(key);
  }

  /** The data key that new values are encrypted under. */
  DataKey current(TxScope scope) {
    String keyId = provider.currentKeyId();
    return current.find(keyId).orElseGet(() -> read(scope, keyId));
  }

  /** The data key that new values would be encrypted under; empty when one has yet to be made. */
  Optional<DataKey> peek(TxScope scope) {
    String keyId = provider.currentKeyId();
    Optional<DataKey> known = current.find(keyId);
    return known.isPresent()
        ? known
        : scope.returning(tx -> table.current(tx, keyId)).map(this::unwrapped);
  }

  private DataKey read(TxScope scope, String keyId) {
    CurrentKeys.Moment before = current.moment();
    Optional<WrappedKey> row =
        scope.returning(
            tx -> {
              byId.invalidateAll(table.destroyed(tx));
              return table.current(tx, keyId);
            });
    DataKey key;
    if (row.isEmpty()) {
      key = make(keyId);
    } else if (row.get().spent()) {
      key = replaced(row.get());
    } else {
      key = unwrapped(row.get());
    }
    current.remember(keyId, key, before);
    byId.asMap().values().forEach(uses::reportSoon);
    return key;
  }

  /** A new epoch instead of one that is old or much used; that one for the while if need be. */
  private DataKey replaced(WrappedKey spent) {
    try {
      return make(spent.keyId());
    } catch (ConnectionUnavailableException | KeyProviderException e) {
      // Tried again in a minute; health tells when the key nears what it may encrypt.
      return stillGood(spent);
    }
  }

  private DataKey stillGood(WrappedKey spent) {
    DataKey key = unwrapped(spent);
    uses.refuseBeyondTheBound(spent, key);
    return key;
  }

  /** The data key that a value names; empty when this database has no such key. */
  Optional<DataKey> find(TxScope scope, UUID id) {
    DataKey cached = byId.getIfPresent(id);
    if (cached != null) {
      return Optional.of(cached);
    }
    return scope.returning(tx -> table.find(tx, id)).map(this::unwrapped);
  }

  /** Begins a new epoch, whatever the present one is. */
  UUID begin() {
    String keyId = provider.currentKeyId();
    SecretKey secret = provider.random();
    WrappedKey fresh = wrapped(keyId, secret);
    boolean made =
        transactions.inNew(
            SEES_THE_LATEST,
            tx -> {
              while (!table.insertAnyway(tx, fresh)) {
                if (table.isRetired(tx, keyId)) {
                  return false;
                }
              }
              return true;
            });
    if (!made) {
      throw retired(keyId);
    }
    byId.put(fresh.id(), new DataKey(fresh.id(), secret));
    current.forgetAll();
    return fresh.id();
  }

  /** Reads again what is in force at the next value. */
  void forgetCurrent() {
    current.forgetAll();
  }

  /** Forgets a key that was destroyed. */
  void forget(UUID id) {
    byId.invalidate(id);
  }

  /** Tells the database how much each key was used. */
  void report() {
    uses.reportAll(byId.asMap().values());
  }

  private DataKey make(String keyId) {
    SecretKey secret = provider.random();
    // Wrapped before a connection is taken: the provider may ask a KMS over the network.
    WrappedKey fresh = wrapped(keyId, secret);
    WrappedKey row = insertOrRead(fresh);
    if (!row.id().equals(fresh.id())) {
      return unwrapped(row);
    }
    DataKey made = new DataKey(fresh.id(), secret);
    byId.put(made.id(), made);
    return made;
  }

  private WrappedKey wrapped(String keyId, SecretKey secret) {
    return new WrappedKey(ids.next(), keyId, provider.wrap(keyId, secret), 0, false);
  }

  private WrappedKey insertOrRead(WrappedKey fresh) {
    try {
      return transactions.inNew(SEES_THE_LATEST, tx -> insertOrRead(tx, fresh));
    } catch (ConnectionUnavailableException e) {
      throw new ConnectionUnavailableException(
          "The vault's data keys are made in a transaction of their own, and no connection was to be"
              + " had for it. If the pool has but one: call plinth.start(), or use the vault once"
              + " outside a transaction, beforehand",
          e);
    }
  }

  private WrappedKey insertOrRead(Tx tx, WrappedKey fresh) {
    // Whoever comes second finds the first one's row at the next look, unless it is of another key.
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      Optional<WrappedKey> theirs = unspent(table.current(tx, fresh.keyId()));
      if (theirs.isPresent()) {
        return theirs.get();
      }
      if (table.insert(tx, fresh)) {
        return fresh;
      }
      if (table.isRetired(tx, fresh.keyId())) {
        // This node has not got the newer key first in its ring yet: it goes along.
        return table.newest(tx).orElseThrow(() -> retired(fresh.keyId()));
      }
    }
    throw new VaultException(
        "No new data key could be made, since others began new epochs all the while: repeat the"
            + " call",
        null);
  }

  private static VaultException retired(String keyId) {
    return new VaultException(
        "The key \""
            + keyId
            + "\", the current one of the key ring, is retired: put a newer key first in the ring",
        null);
  }

  private static Optional<WrappedKey> unspent(Optional<WrappedKey> row) {
    return row.filter(one -> !one.spent());
  }

  /**
   * Asks the provider, perhaps a KMS over the network, once for each data key in the life of this
   * process: the caller may hold a connection and locks. Whoever else needs the key meanwhile waits
   * for that answer.
   */
  DataKey unwrapped(WrappedKey row) {
    return byId.get(row.id(), id -> provider.unwrap(row));
  }
}
