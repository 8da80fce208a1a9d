package dev.plinth.core.internal.vault;

import dev.plinth.core.PlinthException;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.core.vault.VaultException;
import java.util.Collection;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Counts how many values each data key has encrypted, so that a new epoch begins long before the
 * bound of NIST SP 800-38D, section 8.3: 2^32 invocations with random nonces of 96 bits.
 *
 * <p>Nodes count in memory and report about once a minute, and at the latest every {@link
 * #REPORT_AT_LEAST} values. A process that is killed takes the count since its last report with it;
 * the distance between {@link #NEW_EPOCH_AT} and the bound has room for two thousand such losses of
 * the largest size under one data key.
 */
final class Uses {
  /** A new epoch begins at half the bound. */
  static final long NEW_EPOCH_AT = 1L << 31;

  /** Nothing is encrypted beyond this, whatever stands in the way of a new epoch. */
  static final long LAST = (1L << 32) - (1L << 24);

  static final long REPORT_AT_LEAST = 1L << 20;

  private final Transactions transactions;
  private final DataKeyTable table;
  private final Executor background;

  Uses(Transactions transactions, DataKeyTable table, Executor background) {
    this.transactions = transactions;
    this.table = table;
    this.background = background;
  }

  /** Counts one value. */
  void count(DataKey key) {
    if (key.unreported().incrementAndGet() % REPORT_AT_LEAST == 0) {
      report(key);
    }
  }

  void refuseBeyondTheBound(WrappedKey row, DataKey key) {
    if (row.uses() + key.unreported().get() >= LAST) {
      throw new VaultException(
          "The data key "
              + row.id()
              + " has encrypted as many values as are safe, and no new epoch could begin: give the"
              + " vault a connection for it, by calling vault.keys().beginEpoch() outside a transaction",
          null);
    }
  }

  /**
   * Reports now where that needs no second connection, else in the background if there is one; a
   * failure is made up for by the next report.
   */
  void reportSoon(DataKey key) {
    if (key.unreported().get() == 0) {
      return;
    }
    if (!transactions.isInTransaction()) {
      report(key);
      return;
    }
    try {
      background.execute(() -> report(key));
    } catch (RejectedExecutionException e) {
      // Not started, or closed: reported with the next value outside a transaction.
      return;
    }
  }

  void reportAll(Collection<DataKey> keys) {
    keys.forEach(this::report);
  }

  private void report(DataKey key) {
    long uses = key.unreported().getAndSet(0);
    if (uses == 0) {
      return;
    }
    try {
      transactions.inNew(
          TxOptions.defaults(),
          tx -> {
            table.addUses(tx, key.id(), uses);
            return Boolean.TRUE;
          });
    } catch (PlinthException e) {
      // Counted twice if the commit happened after all: that errs on the safe side.
      key.unreported().addAndGet(uses);
    }
  }
}
