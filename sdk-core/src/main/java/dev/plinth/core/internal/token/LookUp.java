package dev.plinth.core.internal.token;

import dev.plinth.core.batch.GroupCommit;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.internal.batch.LeaderCommit;
import dev.plinth.core.internal.tx.OneStatement;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/**
 * Finds the row of a hash, with bounds on what wrong tokens can cost. A hash that was good lately
 * is read at once, on a connection of its own. Any other may be a guess: of those, {@value #ALONE}
 * at a time are read so, and all that come meanwhile share one connection and one statement. So a
 * flood of wrong tokens takes three connections of the pool at most, and none of the answers is
 * made up.
 *
 * @param <R> a row
 */
public final class LookUp<R extends Found> {
  /** How many unfamiliar hashes are read at a time on connections of their own. */
  static final int ALONE = 2;

  private static final int MAX_BATCH = 500;
  private static final int MAX_WAITING = 100_000;

  private final OneStatement reads;
  private final Sql.RowMapper<R> mapper;
  private final String one;
  private final String many;
  private final Familiar familiar = new Familiar();
  private final Semaphore alone = new Semaphore(ALONE);
  private final GroupCommit<TokenHash, Optional<R>> together;

  /**
   * Reads by the given query.
   *
   * @param query ends in the column that holds the hash
   */
  public LookUp(
      String name,
      Transactions transactions,
      Threads threads,
      Schema schema,
      String query,
      Sql.RowMapper<R> mapper) {
    this.reads = new OneStatement(transactions);
    this.mapper = mapper;
    this.one = schema.render(query) + " = ?";
    this.many = schema.render(query) + " = ANY (?)";
    this.together =
        new LeaderCommit<>(name, MAX_BATCH, MAX_WAITING, this::batch, transactions, threads);
  }

  /** In the given transaction. */
  public Optional<R> in(Tx tx, TokenHash hash) {
    return matching(Sql.first(tx.connection(), one, mapper, hash.bytes()), hash);
  }

  /** Outside of any transaction. The use is noted while the connection is at hand. */
  public Optional<R> find(TokenHash hash, LastUse lastUse) {
    if (familiar.contains(hash)) {
      Optional<R> found = direct(hash, lastUse);
      return isGood(found) ? found : remember(hash, found);
    }
    if (alone.tryAcquire()) {
      try {
        return remember(hash, direct(hash, lastUse));
      } finally {
        alone.release();
      }
    }
    Optional<R> found = remember(hash, together.call(hash));
    found.ifPresent(lastUse::note);
    return found;
  }

  private Optional<R> direct(TokenHash hash, LastUse lastUse) {
    Optional<R> answer =
        reads.alone(
            tx -> {
              Optional<R> found = in(tx, hash);
              found.ifPresent(row -> lastUse.note(row, tx.connection()));
              return found;
            });
    lastUse.afterReading();
    return answer;
  }

  private Optional<R> remember(TokenHash hash, Optional<R> found) {
    if (isGood(found)) {
      familiar.add(hash);
    } else {
      familiar.remove(hash);
    }
    return found;
  }

  private static boolean isGood(Optional<? extends Found> found) {
    return found.isPresent() && found.get().isGood();
  }

  private List<Optional<R>> batch(Tx tx, List<TokenHash> hashes) {
    byte[][] wanted = hashes.stream().map(TokenHash::bytes).toArray(byte[][]::new);
    Map<TokenHash, R> found = new HashMap<>();
    for (R row : Sql.query(tx.connection(), many, mapper, (Object) wanted)) {
      found.put(row.hash(), row);
    }
    return hashes.stream()
        .map(hash -> matching(Optional.ofNullable(found.get(hash)), hash))
        .toList();
  }

  /** The index found the row; that it is the right one is asked again, in constant time. */
  private Optional<R> matching(Optional<R> found, TokenHash hash) {
    return found.filter(row -> row.hash().equals(hash));
  }
}
