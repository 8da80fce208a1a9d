package dev.plinth.core.internal.vault;

import dev.plinth.core.spi.TxScope;
import dev.plinth.core.vault.Cell;
import dev.plinth.core.vault.TamperedException;
import java.security.SecureRandom;

/** Encrypts and decrypts values under data keys, with a fresh random nonce for each. */
final class Sealing {
  private final DataKeys keys;
  private final SecureRandom random = new SecureRandom();

  Sealing(DataKeys keys) {
    this.keys = keys;
  }

  DataKeys keys() {
    return keys;
  }

  /** The key's use must have been counted. */
  byte[] seal(DataKey key, Cell cell, byte[] plaintext) {
    byte[] nonce = new byte[AesGcm.NONCE_BYTES];
    random.nextBytes(nonce);
    return Envelope.seal(key, nonce, cell, plaintext);
  }

  byte[] open(TxScope scope, Cell cell, byte[] ciphertext) {
    Envelope envelope = Envelope.parse(cell, ciphertext);
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
