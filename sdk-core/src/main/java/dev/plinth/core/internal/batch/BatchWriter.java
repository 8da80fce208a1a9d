package dev.plinth.core.internal.batch;

import dev.plinth.core.batch.GroupCommit.Batch;
import dev.plinth.core.internal.tx.OneStatement;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.ConnectionUnavailableException;
import dev.plinth.core.tx.OutcomeUnknownException;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Writes a batch in a transaction of its own and finds out what became of each item. A batch that
 * fails is halved until the items at fault stand alone.
 */
final class BatchWriter<T, R> {
  /**
   * Classes of SQLStates that say that some item does not fit: cardinality (two that collide),
   * data, integrity, WITH CHECK OPTION, limits (too much in one item or statement), and what
   * triggers and functions raise.
   */
  private static final Set<String> OF_ITEMS = Set.of("21", "22", "23", "44", "54", "P0");

  private final Batch<T, R> batch;
  private final Transactions transactions;
  private final OneStatement oneStatement;

  BatchWriter(Batch<T, R> batch, Transactions transactions) {
    this.batch = batch;
    this.transactions = transactions;
    this.oneStatement = new OneStatement(transactions);
  }

  /** One outcome for each entry, in their order. Throws nothing. */
  List<Entry.Outcome<R>> write(List<Entry<T, R>> entries) {
    List<Entry.Outcome<R>> outcomes = new ArrayList<>(entries.size());
    write(entries, outcomes);
    return outcomes;
  }

  private void write(List<Entry<T, R>> entries, List<Entry.Outcome<R>> outcomes) {
    try {
      for (R result : commit(entries)) {
        outcomes.add(future -> future.complete(result));
      }
    } catch (Throwable failure) {
      if (entries.size() == 1 || !isOfTheItems(entries, failure)) {
        entries.forEach(e -> outcomes.add(future -> future.completeExceptionally(failure)));
      } else {
        int half = entries.size() / 2;
        write(entries.subList(0, half), outcomes);
        write(entries.subList(half, entries.size()), outcomes);
      }
    }
  }

  private List<R> commit(List<Entry<T, R>> entries) {
    List<T> items = items(entries);
    boolean interrupted = false;
    try {
      while (true) {
        // The leader works for others: its own interrupt must not fail their items.
        interrupted |= Thread.interrupted();
        try {
          return inOneTransaction(
              batch.isOneStatement(items), tx -> sameSize(items, batch.write(tx, items)));
        } catch (ConnectionUnavailableException e) {
          if (!Thread.currentThread().isInterrupted()) {
            throw e;
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static <T, R> List<T> items(List<Entry<T, R>> entries) {
    return entries.stream().map(e -> e.item).toList();
  }

  private List<R> inOneTransaction(
      boolean isOneStatement, TxFunction<List<R>, RuntimeException> work) {
    TxOptions options = TxOptions.defaults().withAllTenants();
    return isOneStatement
        ? oneStatement.asTransaction(options, work)
        : transactions.inNew(options, work);
  }

  private static <T, R> List<R> sameSize(List<T> items, List<R> results) {
    if (results.size() != items.size()) {
      throw new IllegalStateException(
          "The batch has " + items.size() + " items but gave " + results.size() + " results");
    }
    return results;
  }

  /**
   * False when no item can be at fault, as in a read-only transaction, on a full disk or after a
   * timeout, or when the items may be durable already: then nothing is tried again. Without an
   * SQLState it was the batch's own code that refused something; of a single statement that has
   * committed it may have refused the result.
   */
  private boolean isOfTheItems(List<Entry<T, R>> entries, Throwable failure) {
    return failure instanceof Exception
        && !(failure instanceof OutcomeUnknownException)
        && !(failure instanceof ConnectionUnavailableException)
        && SqlStates.of(failure)
            .map(state -> OF_ITEMS.stream().anyMatch(state::startsWith))
            .orElseGet(() -> !batch.isOneStatement(items(entries)));
  }
}
