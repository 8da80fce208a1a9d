package dev.plinth.core.internal.channel;

import dev.plinth.core.channel.Channel;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.json.JsonCodec;
import dev.plinth.core.notify.Notifications;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.TxScope;
import dev.plinth.core.tx.Tx;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** A channel as a topic of the notifications. Nothing is kept but its subscribers. */
public final class NotifyChannel<T> implements Channel<T> {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,40}");
  private static final int MAX_BYTES = 7_000;

  private final String name;
  private final Class<T> type;
  private final TxScope scope;
  private final Notifications notifications;
  private final JsonCodec codec;
  private final Threads threads;

  /** Publishes in the given scope. */
  public NotifyChannel(
      String name,
      Class<T> type,
      TxScope scope,
      Notifications notifications,
      JsonCodec codec,
      Threads threads) {
    this.name =
        Args.matching(name, NAME, "1 to 40 letters, digits and the characters . _ -", "name");
    this.type = Args.notNull(type, "type");
    this.scope = scope;
    this.notifications = notifications;
    this.codec = codec;
    this.threads = threads;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Channel<T> in(Tx tx) {
    return new NotifyChannel<>(name, type, TxScope.of(tx), notifications, codec, threads);
  }

  @Override
  public void publish(T message) {
    String text = codec.write(Args.notNull(message, "message")).text();
    Args.utf8(text, MAX_BYTES, "message");
    scope.<Boolean>returning(
        tx -> {
          notifications.send(tx, topic(), text);
          return true;
        });
  }

  @Override
  public Subscription subscribe(Consumer<T> listener, Runnable missed) {
    Args.notNull(listener, "listener");
    Args.notNull(missed, "missed");
    Subscriber<T> subscriber = new Subscriber<>(name, type, codec, threads, listener, missed);
    Subscription topic = notifications.subscribe(topic(), subscriber::arrived);
    return () -> {
      topic.close();
      subscriber.close();
    };
  }

  private String topic() {
    return "channel." + name;
  }
}
