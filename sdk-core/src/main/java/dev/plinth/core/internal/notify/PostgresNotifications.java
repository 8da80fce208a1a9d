package dev.plinth.core.internal.notify;

import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.health.Health;
import dev.plinth.core.internal.Lifecycle;
import dev.plinth.core.internal.Settings;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.notify.NotificationStatus;
import dev.plinth.core.notify.Notifications;
import dev.plinth.core.notify.PreparedNotification;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.Writable;
import dev.plinth.core.tx.Tx;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Sends by {@code pg_notify} in the caller's transaction and hands on what the loop hears. */
public final class PostgresNotifications implements Notifications, Lifecycle {
  private static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9._-]{1,50}");
  private static final int MAX_PAYLOAD = 7_000;

  private final Channel channel;
  private final Listeners listeners = new Listeners();
  private final ListenLoop loop;
  private final boolean switchedOn;

  /** Opens nothing yet. */
  public PostgresNotifications(Settings settings, Threads threads) {
    this.channel = Channel.of(settings.schema());
    this.loop = new ListenLoop(settings, channel, listeners, threads);
    this.switchedOn = settings.notifications();
  }

  @Override
  public void start() {
    if (switchedOn) {
      loop.start();
    }
  }

  @Override
  public void close() {
    if (switchedOn) {
      loop.close();
    }
  }

  @Override
  public void send(Tx tx, String topic, String payload) {
    Args.notNull(tx, "tx");
    PreparedNotification prepared = prepare(topic, payload);
    Sql.query(
        Writable.require(tx).connection(),
        "SELECT pg_catalog.pg_notify(?, ?)",
        row -> true,
        prepared.channel(),
        prepared.payload());
  }

  @Override
  public PreparedNotification prepare(String topic, String payload) {
    checkTopic(topic);
    Args.utf8(Args.bounded(payload, MAX_PAYLOAD, "payload"), MAX_PAYLOAD, "payload");
    return new PreparedNotification(channel.name(), Channel.encode(topic, payload));
  }

  @Override
  public Subscription subscribe(String topic, Consumer<String> listener) {
    return listeners.add(checkTopic(topic), Args.notNull(listener, "listener"));
  }

  @Override
  public boolean isConnected() {
    return loop.isConnected();
  }

  /** Whether hints arrive, and since when. */
  public Health.Notifications health() {
    NotificationStatus status = loop.status();
    return switch (status.state()) {
      case SWITCHED_OFF, STOPPED -> new Health.Notifications(Health.Notifications.State.OFF, null);
      case LISTENING ->
          new Health.Notifications(Health.Notifications.State.CONNECTED, status.since());
      case CONNECTING, LOST, UNHEARD, NO_CONNECTION ->
          new Health.Notifications(Health.Notifications.State.POLLING, status.since());
    };
  }

  @Override
  public NotificationStatus status() {
    return loop.status();
  }

  private static String checkTopic(String topic) {
    return Args.matching(topic, TOPIC, "1 to 50 letters, digits and the characters . _ -", "topic");
  }
}
