package dev.plinth.core.internal.event;

import dev.plinth.core.event.Events;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Subscribers in a list, called in turn. */
public final class EventBus implements Events {
  private final List<Subscriber<?>> subscribers = new CopyOnWriteArrayList<>();

  /** A bus without subscribers. */
  public EventBus() {}

  @Override
  public <E extends PlinthEvent> Subscription inTransaction(
      Class<E> type, BiConsumer<Tx, E> subscriber) {
    Args.notNull(type, "type");
    return add(new Subscriber<>(type, Args.notNull(subscriber, "subscriber")));
  }

  @Override
  public <E extends PlinthEvent> Subscription afterCommit(Class<E> type, Consumer<E> subscriber) {
    Args.notNull(type, "type");
    Args.notNull(subscriber, "subscriber");
    return add(
        new Subscriber<>(type, (tx, event) -> tx.afterCommit(() -> subscriber.accept(event))));
  }

  @Override
  public void publish(Tx tx, PlinthEvent event) {
    Args.notNull(tx, "tx");
    Args.notNull(event, "event");
    for (Subscriber<?> subscriber : subscribers) {
      subscriber.offer(tx, event);
    }
  }

  private Subscription add(Subscriber<?> subscriber) {
    subscribers.add(subscriber);
    return () -> subscribers.remove(subscriber);
  }

  /** Compared by identity, so that the same lambda may subscribe twice. */
  private static final class Subscriber<E extends PlinthEvent> {
    private final Class<E> type;
    private final BiConsumer<Tx, E> action;

    Subscriber(Class<E> type, BiConsumer<Tx, E> action) {
      this.type = type;
      this.action = action;
    }

    void offer(Tx tx, PlinthEvent event) {
      if (type.isInstance(event)) {
        action.accept(tx, type.cast(event));
      }
    }
  }
}
