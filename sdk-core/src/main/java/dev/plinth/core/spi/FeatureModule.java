package dev.plinth.core.spi;

import dev.plinth.core.Plinth;
import dev.plinth.core.health.HealthReading;
import dev.plinth.core.vault.EncryptedColumn;
import java.sql.Connection;
import java.util.List;

/**
 * What core must know of a module: its name, its migrations, the tables it wants looked after, and
 * how to make its entry point.
 *
 * <p>Modules on the class path are found through {@link java.util.ServiceLoader}; a host that does
 * not want that names them with {@code Plinth.builder().modules(…)}. Implementations have no state.
 */
public interface FeatureModule {
  /**
   * A short lower-case name, such as {@code audit}. It names the migrations' folder ({@code
   * dev/plinth/<name>/migrations}), the folder of undo scripts beside it and the history table, and
   * so may never change.
   */
  String name();

  /** Modules are migrated in ascending order of this number, then of their names; core is 0. */
  default int order() {
    return 100;
  }

  /**
   * The names of the migrations in order, from version 1 on: the n-th stands in {@code
   * dev/plinth/<module>/migrations/V<n>__<name>.sql} with its way back in {@code
   * dev/plinth/<module>/undo/U<n>__<name>.sql}.
   */
  List<String> migrations();

  /** Tables that core supplies with partitions. */
  default List<PartitionedTable> partitionedTables() {
    return List.of();
  }

  /**
   * Columns whose values the vault encrypts, so that it can rotate them and count what needs a key.
   */
  default List<EncryptedColumn> encryptedColumns() {
    return List.of();
  }

  /** Tables in which administrators act, so that the audit module can watch them. */
  default List<String> administrativeTables() {
    return List.of();
  }

  /**
   * Tables whose rows without a tenant belong to the installation and may be read by every tenant,
   * under row-level security too.
   */
  default List<String> sharedTables() {
    return List.of();
  }

  /**
   * Called once for each Plinth, when it is built: the place to take part in what others announce,
   * such as the merge of two users, whether or not the module's entry point is ever made. Sends
   * nothing; {@link Participation} helps where the module's tables may not be there yet.
   */
  default void subscribe(Plinth plinth) {}

  /**
   * Makes the module's rows safe after a backup was restored: ends leases, raises fences, marks
   * what the time that was lost may have changed elsewhere. Runs in the transaction of {@code
   * plinth.afterRestore}, in the order of the modules, and must do no harm when repeated.
   */
  default void afterRestore(Restoring restoring) {}

  /**
   * What this module adds to {@code plinth.health()}: a few numbers, cheaply had. Runs in a
   * read-only transaction of its own, on Plinth's schema as far as all migrations are applied,
   * under a timeout of the server's; what it throws is reported as something that could not be
   * told.
   */
  default List<HealthReading> health(Connection connection, Schema schema) {
    return List.of();
  }

  /** The type of the module's entry point, such as {@code AuditLog}. */
  Class<? extends AutoCloseable> entryPoint();

  /**
   * Makes the entry point with its defaults; what tests get injected.
   *
   * @return an instance of {@link #entryPoint()}
   */
  AutoCloseable create(Plinth plinth);
}
