package dev.plinth.core.internal.vault;

import dev.plinth.core.internal.Settings;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.vault.DataKeyInfo;
import dev.plinth.core.vault.EncryptedColumn;
import dev.plinth.core.vault.KeyReference;
import dev.plinth.core.vault.Rotation;
import dev.plinth.core.vault.VaultException;
import dev.plinth.core.vault.VaultHealth;
import dev.plinth.core.vault.VaultKeys;
import java.util.List;
import java.util.UUID;

/** Checks arguments and chooses the use case; each has a class of its own. */
final class KeyAdministration implements VaultKeys {
  private final TxScope standalone;
  private final ColumnAccess access;
  private final ColumnRegistry registry;
  private final References references;
  private final KeyRows rows;
  private final DataKeyTable table;
  private final DataKeys keys;
  private final Rotate rotate;
  private final Retire retire;
  private final Rewrap rewrap;
  private final Health health;

  KeyAdministration(
      TxScope standalone,
      Transactions transactions,
      Settings settings,
      DataKeys keys,
      Unwrapping provider,
      Sealing sealing,
      List<FeatureModule> modules) {
    this.standalone = standalone;
    this.keys = keys;
    this.access = new ColumnAccess(transactions, settings.migrationDataSource());
    this.registry = new ColumnRegistry(transactions, settings.schema(), modules);
    this.references = new References(registry, access);
    this.rows = new KeyRows(settings.schema());
    this.table = new DataKeyTable(settings.schema());
    this.rotate =
        new Rotate(registry, access, new RotationRows(settings.schema()), sealing, standalone);
    this.retire = new Retire(access, references, rows, table);
    this.rewrap = new Rewrap(access, rows, table, provider);
    this.health = new Health(access, rows, keys, rotate, standalone);
  }

  /**
   * What the start of a Plinth does: see the vault. A data key that cannot be unwrapped is not
   * needed to start; health() tells of it, and so does whoever decrypts a value under it.
   */
  void prepare() {
    registry.write();
    health.unreadable();
  }

  void continueRotation() {
    rotate.work();
  }

  @Override
  public void register(EncryptedColumn column) {
    registry.declare(Args.notNull(column, "column"));
  }

  @Override
  public List<DataKeyInfo> list() {
    return access.returning(rows::all);
  }

  @Override
  public DataKeyInfo beginEpoch() {
    access.requireNoTransaction();
    return retire.require(keys.begin());
  }

  @Override
  public int rewrap() {
    access.requireNoTransaction();
    return rewrap.all();
  }

  @Override
  public Rotation requestRotation() {
    access.requireNoTransaction();
    beginRotation();
    return rotate.progress();
  }

  @Override
  public Rotation rotate() {
    access.requireNoTransaction();
    beginRotation();
    rotate.work();
    keys.report();
    return rotate.progress();
  }

  @Override
  public Rotation rotation() {
    return rotate.progress();
  }

  @Override
  public List<KeyReference> references(UUID dataKeyId) {
    retire.require(dataKeyId);
    return references.of(dataKeyId);
  }

  @Override
  public List<DataKeyInfo> references(String keyId) {
    Args.text(keyId, 100, "keyId");
    return Retire.wrappedBy(list(), keyId);
  }

  @Override
  public DataKeyInfo retire(UUID dataKeyId) {
    Args.notNull(dataKeyId, "dataKeyId");
    access.requireNoTransaction();
    DataKeyInfo retired = retire.retire(dataKeyId);
    keys.forgetCurrent();
    return retired;
  }

  @Override
  public void retireKey(String keyId) {
    Args.text(keyId, 100, "keyId");
    access.requireNoTransaction();
    retire.retireKey(keyId);
    keys.forgetCurrent();
  }

  @Override
  public DataKeyInfo destroy(UUID dataKeyId) {
    Args.notNull(dataKeyId, "dataKeyId");
    access.requireNoTransaction();
    DataKeyInfo destroyed = retire.destroy(dataKeyId);
    keys.forget(dataKeyId);
    return destroyed;
  }

  @Override
  public VaultHealth health() {
    return health.look();
  }

  private void beginRotation() {
    keys.current(standalone);
    WrappedKey newest =
        access
            .returning(table::newest)
            .orElseThrow(
                () -> new VaultException("Every data key is retired: begin a new epoch", null));
    // One that this node cannot read is no target for it.
    keys.unwrapped(newest);
    rotate.begin(newest.id());
  }
}
