package dev.plinth.core.internal.vault;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.internal.Settings;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.vault.Cell;
import dev.plinth.core.vault.KeyProvider;
import dev.plinth.core.vault.Vault;
import dev.plinth.core.vault.VaultKeys;
import java.util.List;
import java.util.concurrent.Executor;

/** A {@link Vault} whose values stand in {@link Envelope}s. */
public final class EnvelopeVault implements Vault {
  private final TxScope scope;
  private final Sealing sealing;
  private final KeyAdministration administration;

  /**
   * Reads and makes data keys under the keys of the provider.
   *
   * @param background where a count may be written when the calling thread is in a transaction;
   *     refuses when there is no such thread
   */
  public EnvelopeVault(
      TxScope standalone,
      Transactions transactions,
      Settings settings,
      KeyProvider provider,
      UuidV7 ids,
      List<FeatureModule> modules,
      Executor background) {
    DataKeyTable table = new DataKeyTable(settings.schema());
    Unwrapping unwrapping = new Unwrapping(provider);
    DataKeys keys =
        new DataKeys(
            transactions,
            table,
            ids,
            unwrapping,
            new Uses(transactions, table, background),
            settings.clock());
    this.scope = standalone;
    this.sealing = new Sealing(keys);
    this.administration =
        new KeyAdministration(
            standalone, transactions, settings, keys, unwrapping, sealing, modules);
  }

  private EnvelopeVault(TxScope scope, Sealing sealing, KeyAdministration administration) {
    this.scope = scope;
    this.sealing = sealing;
    this.administration = administration;
  }

  /**
   * Makes sure that there is a data key to encrypt with and that it can be unwrapped, so that a
   * wrong key shows when the host starts and not with the first value; unwraps the others ahead, so
   * that no transaction has to wait for a KMS; and declares the modules' columns to the cluster.
   */
  public void prepare() {
    sealing.keys().current(scope);
    administration.prepare();
  }

  /** Tells the database how much each key was used. */
  public void close() {
    sealing.keys().report();
  }

  /** Goes on with a rotation that was asked for. */
  public void continueRotation() {
    administration.continueRotation();
  }

  @Override
  public Vault in(Tx tx) {
    return new EnvelopeVault(TxScope.of(tx), sealing, administration);
  }

  @Override
  public VaultKeys keys() {
    return administration;
  }

  @Override
  public byte[] encrypt(Cell cell, byte[] plaintext) {
    Args.notNull(cell, "cell");
    Args.notNull(plaintext, "plaintext");
    return sealing.seal(sealing.keys().toEncrypt(scope), cell, plaintext);
  }

  @Override
  public byte[] decrypt(Cell cell, byte[] ciphertext) {
    Args.notNull(cell, "cell");
    return sealing.open(scope, cell, Args.notNull(ciphertext, "ciphertext"));
  }
}
