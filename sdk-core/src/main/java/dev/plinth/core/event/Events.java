package dev.plinth.core.event;

import dev.plinth.core.tx.Tx;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Announces facts to subscribers in this process. Safe for use by many threads.
 *
 * <p>Delivery is by type: a subscriber to an interface gets every event that implements it.
 * Subscribers are called in the order in which they subscribed, on the announcing thread.
 */
public interface Events {
  /**
   * Calls the subscriber inside the transaction that announces the event. What it writes through
   * the given {@link Tx} commits or vanishes with the fact; what it throws fails the announcing
   * call.
   *
   * @return closes the subscription
   */
  <E extends PlinthEvent> Subscription inTransaction(Class<E> type, BiConsumer<Tx, E> subscriber);

  /**
   * Calls the subscriber after the announcing transaction has committed, with no connection held,
   * under the terms of {@link Tx#afterCommit}: at most once, and not at all if the process dies
   * first. What it throws is logged.
   *
   * @return closes the subscription
   */
  <E extends PlinthEvent> Subscription afterCommit(Class<E> type, Consumer<E> subscriber);

  /** Announces an event in a transaction. Does not block, apart from what subscribers do. */
  void publish(Tx tx, PlinthEvent event);

  /** An interest in events that can be ended. */
  interface Subscription extends AutoCloseable {
    /** Ends it; events announced from now on are not delivered. Never throws. */
    @Override
    void close();
  }
}
