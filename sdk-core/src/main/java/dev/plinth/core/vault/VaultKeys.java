package dev.plinth.core.vault;

import java.util.List;
import java.util.UUID;

/**
 * The keys of the vault, for whoever operates it: new data keys, re-encryption, and the proof that
 * a key is no longer needed.
 *
 * <p>There are two kinds of key, and two kinds of change. Keys of the <em>key ring</em> wrap data
 * keys; {@link #rewrap} puts a new one in the place of an old one without touching a value, which
 * is cheap and enough when a key of the ring has only grown old. <em>Data keys</em> encrypt values;
 * {@link #rotate} re-encrypts every value, which is the right answer when a data key, or a key of
 * the ring together with a copy of the database, may be known to somebody.
 *
 * <p>A data key goes through three states: in use, retired ({@link #retire}: no node begins to
 * encrypt under it), destroyed ({@link #destroy}: nobody can decrypt what was under it). All
 * methods open transactions of their own, since other nodes must see their effect; those that
 * change something refuse to run inside one. {@code rewrap}, {@code retire}, {@code retireKey} and
 * {@code destroy} need the rights of the schema's owner, and so work through the {@code
 * migrationDataSource} if there is one. They block; safe for use by many threads and by several
 * nodes at once.
 */
public interface VaultKeys {
  /**
   * Declares a column of the host's, on this node and, with {@link Vault}'s first use or {@code
   * plinth.start()} at the latest, for the whole cluster and for good: its table is known to {@link
   * #rotate} and {@link #references} even where this node no longer runs. Plinth's own columns are
   * declared by their modules.
   *
   * <p>A column that holds encrypted values and is not declared is not protected: {@link #retire}
   * cannot see it.
   */
  void register(EncryptedColumn column);

  /** Every data key, destroyed ones included, in ascending order of epoch. */
  List<DataKeyInfo> list();

  /**
   * Makes a new data key under the key ring's current key, and encrypts under it from now on: this
   * node at once, every other within a minute. An epoch also begins by itself, with the next value
   * encrypted, when a data key is 90 days old or has encrypted 2^31 values, half of what NIST SP
   * 800-38D (section 8.3) allows for random nonces of 96 bits.
   */
  DataKeyInfo beginEpoch();

  /**
   * Wraps every data key that is not wrapped by the key ring's current key anew with it, and
   * touches no value. Do so once the new key stands in the ring of every node: a node that lacks it
   * cannot read the data keys it has not used before. Can be repeated, also after a crash.
   *
   * @return how many were wrapped anew
   * @throws UnknownKeyException when the ring lacks the key of one of them; those before it are
   *     done
   */
  int rewrap();

  /**
   * Asks for the re-encryption of every registered column under the newest data key, and leaves the
   * work to the maintenance task {@code core.vault_rotation}, which goes on with it every five
   * minutes wherever Plinth is started.
   */
  Rotation requestRotation();

  /**
   * Re-encrypts every registered column under the newest data key, in small transactions: reads a
   * batch without locks, then writes each value only if it is still the one that was read. Readers
   * and writers are never refused; a value that somebody is writing is left to the next pass. The
   * progress is committed with each batch, so a call after a crash goes on where it ended.
   *
   * <p>Returns at the end of a pass, or when the thread is interrupted. Other nodes may encrypt
   * under the key of before for another minute, so a pass that began less than two minutes after
   * its target was made is not the last one: the maintenance task, or a call of this method, makes
   * another. Updates fire the tables' triggers, such as the one that sets {@code updated_at}; they
   * leave {@code version} alone.
   *
   * <p>Values that cannot be decrypted are counted, left alone, and stay in the way of {@link
   * #retire}.
   *
   * @throws VaultException when a registered column is not as it was declared, or row-level
   *     security would hide rows of its table and no {@code migrationDataSource} was given
   */
  Rotation rotate();

  /** How far the last rotation has come. */
  Rotation rotation();

  /**
   * Counts the values under a data key in every column that any node has ever registered. Exact as
   * of now, for committed values. Costs an index lookup for a column with an indexed {@code
   * dataKeyColumn}, and a scan of the table for any other.
   */
  List<KeyReference> references(UUID dataKeyId);

  /** The data keys that a key of the key ring wraps and that are not destroyed. */
  List<DataKeyInfo> references(String keyId);

  /**
   * Retires a data key: no node begins to encrypt under it any more, at the latest one minute from
   * now. What is encrypted under it can still be read. Does nothing when it is retired already.
   *
   * @throws KeyInUseException when it is the newest one, a rotation leads to it, or values are
   *     encrypted under it; with their tables, columns and numbers
   */
  DataKeyInfo retire(UUID dataKeyId);

  /**
   * Retires a key of the key ring: it never wraps a data key again, on any node, and may be taken
   * out of every ring. A node on which it still is the current one encrypts under the newest data
   * key instead. Does nothing when it is retired already.
   *
   * @throws KeyInUseException when a data key is wrapped by it: {@link #rewrap} first
   */
  void retireKey(String keyId);

  /**
   * Destroys a data key for good: its wrapped bytes are overwritten, and nothing can decrypt a
   * value under it, nor its copy in a backup without the row. (A backup of this table still holds
   * the row; destroy the key of the ring that wrapped it, too.)
   *
   * <p>Allowed one hour after it was retired, so that a value encrypted within the first minute of
   * that hour has an hour to be written; a value that is held in memory for longer than that
   * between being encrypted and being written would be lost. Before it acts it waits a few seconds
   * for transactions that were writing when it was called, then counts the references again. Other
   * nodes may have the key in memory for as long as they run.
   *
   * @throws KeyInUseException when values are encrypted under it after all: {@link #rotate} again
   * @throws VaultException when it is not retired, not for an hour yet, or such a transaction goes
   *     on
   */
  DataKeyInfo destroy(UUID dataKeyId);

  /**
   * Looks whether values can be encrypted and decrypted. Asks the key provider for each data key
   * that this process has not used yet, and makes none. Never throws for what it finds wrong with
   * keys.
   */
  VaultHealth health();
}
