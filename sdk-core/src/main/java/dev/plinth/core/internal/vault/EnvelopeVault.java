package dev.plinth.core.internal.vault;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.vault.Cell;
import dev.plinth.core.vault.KeyProvider;
import dev.plinth.core.vault.TamperedException;
import dev.plinth.core.vault.Vault;
import java.security.SecureRandom;
import java.time.InstantSource;

/** A {@link Vault} whose values stand in {@link Envelope}s. */
public final class EnvelopeVault implements Vault {
  private final TxScope scope;
  private final DataKeys keys;
  private final SecureRandom random;

  /** Reads and makes data keys under the keys of the provider. */
  public EnvelopeVault(
      TxScope standalone,
      Transactions transactions,
      Schema schema,
      UuidV7 ids,
      KeyProvider keys,
      InstantSource clock) {
    this(standalone, new DataKeys(transactions, schema, ids, keys, clock), new SecureRandom());
  }

  private EnvelopeVault(TxScope scope, DataKeys keys, SecureRandom random) {
    this.scope = scope;
    this.keys = keys;
    this.random = random;
  }

  /**
   * Makes sure that there is a data key to encrypt with and that it can be unwrapped, so that a
   * wrong key shows when the host starts and not with the first value.
   */
  public void prepare() {
    keys.current(scope);
  }

  @Override
  public Vault in(Tx tx) {
    return new EnvelopeVault(TxScope.of(tx), keys, random);
  }

  @Override
  public byte[] encrypt(Cell cell, byte[] plaintext) {
    Args.notNull(cell, "cell");
    Args.notNull(plaintext, "plaintext");
    byte[] nonce = new byte[AesGcm.NONCE_BYTES];
    random.nextBytes(nonce);
    return Envelope.seal(keys.current(scope), nonce, cell, plaintext);
  }

  @Override
  public byte[] decrypt(Cell cell, byte[] ciphertext) {
    Args.notNull(cell, "cell");
    Envelope envelope = Envelope.parse(cell, Args.notNull(ciphertext, "ciphertext"));
    DataKey key =
        keys.find(scope, envelope.dataKeyId())
            .orElseThrow(
                () ->
                    new TamperedException(
                        "The value of "
                            + Envelope.name(cell)
                            + " names the data key "
                            + envelope.dataKeyId()
                            + ", which is not in vault_data_keys: the value was changed, comes from"
                            + " another database, or a row of that table was lost; restore it from a"
                            + " backup",
                        null));
    return envelope.open(key, cell);
  }
}
