package dev.plinth.core.internal.vault;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.ConnectionUnavailableException;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.core.vault.KeyProvider;
import dev.plinth.core.vault.UnknownKeyException;
import dev.plinth.core.vault.VaultException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * The data keys of this database, unwrapped and held in memory.
 *
 * <p>A new data key is always committed in a transaction of its own before anything is encrypted
 * under it: made inside the host's, it would vanish with a rollback while values under it, kept
 * elsewhere, did not. So every data key that can be read is durable and may be cached.
 */
final class DataKeys {
  /** How long another node's new epoch may go unnoticed. */
  static final Duration CURRENT_FOR = Duration.ofMinutes(1);

  private static final int CACHED = 1_000;

  private final Transactions transactions;
  private final DataKeyTable table;
  private final UuidV7 ids;
  private final KeyProvider keys;
  private final SecureRandom random = new SecureRandom();
  private final Cache<UUID, DataKey> byId = Caffeine.newBuilder().maximumSize(CACHED).build();
  private final Cache<String, DataKey> current;

  DataKeys(
      Transactions transactions, Schema schema, UuidV7 ids, KeyProvider keys, InstantSource clock) {
    this.transactions = transactions;
    this.table = new DataKeyTable(schema);
    this.ids = ids;
    this.keys = keys;
    this.current =
        Caffeine.newBuilder()
            .maximumSize(CACHED)
            .expireAfterWrite(CURRENT_FOR)
            .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
            .build();
  }

  /** The data key to encrypt with; read in the scope, made outside it if there is none. */
  DataKey current(TxScope scope) {
    String keyId = Args.text(keys.currentKeyId(), 100, "the key provider's currentKeyId");
    DataKey cached = current.getIfPresent(keyId);
    if (cached != null) {
      return cached;
    }
    Optional<WrappedKey> row = scope.returning(tx -> table.current(tx, keyId));
    DataKey key = row.isPresent() ? unwrapped(row.get()) : make(keyId);
    current.put(keyId, key);
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

  private DataKey make(String keyId) {
    SecretKey secret = random();
    // Wrapped before a connection is taken: the provider may ask a KMS over the network.
    WrappedKey fresh = new WrappedKey(ids.next(), keyId, keys.wrap(keyId, secret));
    WrappedKey row = insertOrRead(fresh);
    if (!row.id().equals(fresh.id())) {
      return unwrapped(row);
    }
    DataKey made = new DataKey(fresh.id(), secret);
    byId.put(made.id(), made);
    return made;
  }

  private WrappedKey insertOrRead(WrappedKey fresh) {
    try {
      return transactions.inNew(
          TxOptions.defaults(),
          tx -> {
            Optional<WrappedKey> theirs = table.current(tx, fresh.keyId());
            while (theirs.isEmpty() && !table.insert(tx, fresh)) {
              theirs = table.current(tx, fresh.keyId());
            }
            return theirs.orElse(fresh);
          });
    } catch (ConnectionUnavailableException e) {
      throw new ConnectionUnavailableException(
          "The vault's first data key is made in a transaction of its own, and no connection was to be"
              + " had for it. If the pool has but one: call plinth.start(), or use the vault once"
              + " outside a transaction, beforehand",
          e);
    }
  }

  /**
   * Asks the provider, perhaps a KMS over the network, once for each data key in the life of this
   * process: the caller may hold a connection and locks. Whoever else needs the key meanwhile waits
   * for that answer.
   */
  private DataKey unwrapped(WrappedKey row) {
    return byId.get(row.id(), id -> unwrap(row));
  }

  private DataKey unwrap(WrappedKey row) {
    SecretKey secret =
        keys.unwrap(row.keyId(), row.wrapped())
            .orElseThrow(() -> new UnknownKeyException(row.keyId()));
    if (!"AES".equals(secret.getAlgorithm())) {
      throw new VaultException(
          "The key provider unwrapped a data key that is not for AES: it must return the key that it"
              + " was given to wrap",
          null);
    }
    return new DataKey(row.id(), secret);
  }

  private SecretKey random() {
    byte[] bytes = new byte[AesGcm.KEY_BYTES];
    random.nextBytes(bytes);
    SecretKey key = new SecretKeySpec(bytes, "AES");
    Arrays.fill(bytes, (byte) 0);
    return key;
  }
}
