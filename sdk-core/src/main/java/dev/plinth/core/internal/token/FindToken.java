package dev.plinth.core.internal.token;

import dev.plinth.core.internal.Threads;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * From the text that somebody presents to the row it stands for, noting the use. Malformed text
 * costs no statement. In a transaction, given or current, the row is read there and must be of its
 * tenant; outside of any, it is looked up as {@link LookUp} does. Safe for use by many threads.
 *
 * @param <R> a row
 */
public final class FindToken<R extends Found> {
  private final Transactions transactions;
  private final LookUp<R> lookUp;
  private final LastUse lastUse;

  /**
   * Finds by one statement and notes by another.
   *
   * @param query ends in the column that holds the hash
   * @param used takes an array of ids and an array of times as text
   */
  public FindToken(
      String name,
      Transactions transactions,
      Threads threads,
      BooleanSupplier started,
      Schema schema,
      String query,
      Sql.RowMapper<R> mapper,
      String used) {
    this.transactions = transactions;
    this.lookUp = new LookUp<>(name, transactions, threads, schema, query, mapper);
    this.lastUse = new LastUse(transactions, threads, started, schema, used);
  }

  /** The row, good or not; empty when there is none. */
  public Optional<R> find(@Nullable Tx given, String text) {
    if (!TokenText.isWellFormed(text)) {
      return Optional.empty();
    }
    TokenHash hash = TokenHash.ofText(text);
    Optional<Tx> tx = given == null ? transactions.current() : Optional.of(given);
    return tx.isPresent() ? within(tx.get(), hash) : lookUp.find(hash, lastUse);
  }

  private Optional<R> within(Tx tx, TokenHash hash) {
    Optional<R> found = lookUp.in(tx, hash).filter(row -> row.isOf(tx.tenantId()));
    found.ifPresent(lastUse::note);
    return found;
  }
}
