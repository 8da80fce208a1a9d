package dev.plinth.core.internal.vault;

import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.tx.ConnectionSource;
import dev.plinth.core.tx.DatabaseException;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.core.vault.EncryptedColumn;
import dev.plinth.core.vault.VaultException;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Transactions that see every row of a registered column: the ordinary ones, or those of the
 * schema's owner where row-level security would hide rows from the application's role. A proof over
 * rows that one cannot see would be none.
 */
final class ColumnAccess {
  private static final TxOptions READ_COMMITTED =
      TxOptions.defaults().withIsolation(TxOptions.Isolation.READ_COMMITTED);

  private static final String NOT_PERMITTED = "42501";

  private final Transactions ordinary;
  private final @Nullable Transactions owner;

  ColumnAccess(Transactions ordinary, @Nullable DataSource migrationDataSource) {
    this.ordinary = ordinary;
    this.owner =
        migrationDataSource == null
            ? null
            : new Transactions(ConnectionSource.of(migrationDataSource));
  }

  /** A column that is there, and transactions that see all of it. */
  record Open(Column column, Transactions transactions) {
    <T extends @Nullable Object> T returning(TxFunction<T, RuntimeException> work) {
      return transactions.inNew(READ_COMMITTED, work);
    }
  }

  /** Empty when its table or itself is gone. */
  Optional<Open> open(EncryptedColumn declared) {
    boolean hidden = in(ordinary, tx -> Catalogue.hides(tx, declared));
    if (!hidden) {
      return open(ordinary, declared);
    }
    if (owner == null || in(owner, tx -> Catalogue.hides(tx, declared))) {
      throw Column.unfit(
          declared,
          String.valueOf(declared.schema()),
          "row-level security hides rows of its table: give a migrationDataSource whose role owns the"
              + " table or has BYPASSRLS");
    }
    return open(owner, declared);
  }

  private static Optional<Open> open(Transactions transactions, EncryptedColumn declared) {
    return in(transactions, tx -> Catalogue.find(tx, declared))
        .map(column -> new Open(column, transactions));
  }

  private static <T> T in(Transactions transactions, TxFunction<T, RuntimeException> work) {
    return transactions.inNew(READ_COMMITTED, work);
  }

  /** Refuses where transactions of one's own would not see, or wait for, the caller's. */
  void requireNoTransaction() {
    if (ordinary.isInTransaction()) {
      throw new VaultException(
          "The vault's keys are changed in transactions of their own, and the calling thread is in one"
              + " already: call this outside it",
          null);
    }
  }

  /** A transaction on the tables of the vault, which know no tenants. */
  <T extends @Nullable Object> T returning(TxFunction<T, RuntimeException> work) {
    return ordinary.inNew(READ_COMMITTED, work);
  }

  /**
   * A transaction that changes or gives up keys: as the schema's owner, since the application's
   * role must not be able to make everything unreadable.
   */
  <T extends @Nullable Object> T returningAsOwner(TxFunction<T, RuntimeException> work) {
    try {
      return (owner == null ? ordinary : owner).inNew(READ_COMMITTED, work);
    } catch (DatabaseException e) {
      if (e.sqlState().equals(Optional.of(NOT_PERMITTED))) {
        throw new VaultException(
            "Keys are wrapped anew, retired and destroyed by the owner of Plinth's schema, and not by"
                + " the application's role: give a migrationDataSource, or call this from a program of"
                + " the owner's",
            e);
      }
      throw e;
    }
  }
}
