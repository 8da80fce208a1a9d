package dev.plinth.core.vault;

import dev.plinth.core.tx.Tx;

/**
 * Encrypts and decrypts with AES-256-GCM under a data key of the current epoch, itself wrapped by a
 * key of the key ring (envelope encryption). Each value carries the id of its data key, so old
 * values stay readable while keys rotate. For Plinth's own secrets and for the host's columns
 * alike.
 *
 * <p>Data keys are read from the database once and then held in memory; that first call needs a
 * connection, so a caller inside a transaction uses {@link #in(Tx)}. Safe for use by many threads.
 */
public interface Vault {
  /** The same vault, which takes what it must read from the given transaction. */
  Vault in(Tx tx);

  /** New keys, re-encryption, and the end of old keys. */
  VaultKeys keys();

  /**
   * Encrypts a value.
   *
   * @param plaintext not null, may be empty; not changed and not kept
   * @return version, data key id, nonce, ciphertext and tag, for a {@code bytea} column without
   *     bound
   * @throws VaultException when the vault has no key to encrypt with
   */
  byte[] encrypt(Cell cell, byte[] plaintext);

  /**
   * Decrypts what {@link #encrypt} made for the same cell.
   *
   * @throws UnknownKeyException when the key ring lacks the key, naming its id
   * @throws TamperedException when the value was changed, cut, or belongs to another cell
   */
  byte[] decrypt(Cell cell, byte[] ciphertext);
}
