package dev.plinth.core.read;

import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import org.jspecify.annotations.Nullable;

/**
 * Reads that allow staleness. They go to the replica that {@code
 * Plinth.builder().readDataSource(…)} names (a physical, streaming one), or to the primary where
 * there is none, so that hosts may write them so from the start.
 *
 * <pre>{@code
 * Written<User> written = plinth.reads().writing(TxOptions.defaults(), tx -> users.in(tx).create(user));
 * response.setHeader("Plinth-Position", written.position().toString());
 * ...
 * LogPosition seen = LogPosition.parse(request.getHeader("Plinth-Position"));
 * List<User> page = plinth.reads()
 *     .read(ReadOptions.defaults().withAfter(seen), tx -> users.in(tx).page(null, 100));
 * }</pre>
 *
 * <p>Every repository works in such a transaction, by {@code x.in(tx)} or standalone on the same
 * thread. It is read-only wherever it runs: PostgreSQL and Plinth refuse writes in it.
 *
 * <p>Without a token a read costs no round trip more than on the primary; with one, the question
 * how far the replica is, in front. A replica that does not answer is left alone for five seconds
 * at a time, with one line in the log when it goes and one when it is back. Blocks; safe for use by
 * many threads.
 */
public interface Reads {
  /** As {@link #read(ReadOptions, TxFunction)}, with {@link ReadOptions#defaults()}. */
  <T extends @Nullable Object, X extends Exception> T read(TxFunction<T, X> work) throws X;

  /**
   * Reads, on the replica where that is allowed. If the calling thread is in a transaction already,
   * the work takes part in that one, whose own writes it sees.
   *
   * <p>The work may run more than once: what a replica cancels in favour of replay (40001) or loses
   * the connection of is repeated, on the primary where the options let it.
   *
   * @throws ReplicaBehindException when the options forbid the primary and the replica is behind or
   *     does not answer
   * @throws dev.plinth.core.tx.ReadOnlyTransactionException when the work writes
   * @throws IllegalStateException when the calling thread is in a transaction of another tenant
   *     than the options name
   */
  <T extends @Nullable Object, X extends Exception> T read(
      ReadOptions options, TxFunction<T, X> work) throws X;

  /**
   * Works in a new transaction on the primary, as {@code plinth.transactReturning}, and tells where
   * its commit stands in the log. The position travels with the commit: no round trip more, but for
   * the first call of a Plinth, which asks once which cluster this is.
   *
   * @throws IllegalStateException when the calling thread is in a transaction: only the end of that
   *     one has a position
   * @throws dev.plinth.core.tx.OutcomeUnknownException when the connection was lost, or the
   *     statement cancelled, during the commit
   */
  <T extends @Nullable Object, X extends Exception> Written<T> writing(
      TxOptions options, TxFunction<T, X> work) throws X;

  /**
   * Where the log of the primary stands now: at or after everything that committed before this
   * call. For what the host committed itself; one round trip on a connection of its own.
   *
   * @throws IllegalStateException when the calling thread is in a transaction: ask after its commit
   */
  LogPosition position();
}
