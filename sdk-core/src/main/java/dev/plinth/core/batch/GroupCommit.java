package dev.plinth.core.batch;

import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Lets concurrent callers share one transaction, or one statement. While a batch is being committed
 * the next one gathers, so batches grow with load and a lone caller waits for nobody. Where several
 * take part, a batch waits for those who took part lately, for at most a quarter of what the last
 * one took.
 *
 * <p>Safe for use by many threads. Nothing is reported done before the transaction that did it has
 * committed.
 *
 * @param <T> what callers hand in
 * @param <R> what each gets back
 */
public interface GroupCommit<T, R> extends AutoCloseable {
  /**
   * Hands in an item and blocks until its batch is durable. The calling thread may itself commit
   * the batch for everyone; no other thread is needed. An interrupt does not end the wait and is
   * kept. What the batch throws arrives as it is.
   *
   * @throws IllegalStateException after {@link #close()}, and when the calling thread is in a
   *     transaction: the item would be durable whatever becomes of that one, and would need a
   *     second connection, which a pool may not have
   * @throws dev.plinth.core.tx.OutcomeUnknownException when the connection was lost during the
   *     commit, or during a batch that is one statement; the item is not tried again
   */
  R call(T item);

  /**
   * Hands in an item without waiting for the commit; blocks only while the queue is full. The
   * future completes, on the committing thread, when the item's batch is durable, or exceptionally
   * when it failed; it may hand in items itself. Cancelling the future does not take the item back.
   *
   * @throws IllegalStateException after {@link #close()}, and when the calling thread is in a
   *     transaction: use {@code tx.afterCommit}
   */
  CompletableFuture<R> submit(T item);

  /** Refuses more, and returns when what was handed in is committed. */
  @Override
  void close();

  /**
   * What to do with a batch.
   *
   * @param <T> what callers hand in
   * @param <R> what each gets back
   */
  @FunctionalInterface
  interface Batch<T, R> {
    /**
     * Writes the items in the transaction, which may be repeated, and returns one result for each,
     * in their order. When it throws and the batch has more than one item, the halves are tried
     * again, each in a transaction of its own, and theirs, so that a bad item fails alone; not when
     * the connection was lost, which is no item's fault.
     */
    List<R> write(Tx tx, List<T> items);

    /**
     * Whether {@link #write} does with one statement for these items. It is then called with a
     * connection in auto-commit, where the pool's connections come so: one round trip instead of
     * two, and nothing stays locked by a process that stops answering between the two. Whatever
     * further statements it sent would each be committed by itself, so nothing else can take part:
     * a standalone call of Plinth's on the calling thread throws {@link IllegalStateException}. A
     * batch is then halved only for what PostgreSQL refused, since whatever else is thrown may come
     * after the commit. False unless overridden.
     */
    default boolean isOneStatement(List<T> items) {
      return false;
    }
  }
}
