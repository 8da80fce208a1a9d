package dev.plinth.core.channel;

import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.tx.Tx;
import java.util.function.Consumer;

/**
 * Messages of one type to every started node, this one included, over PostgreSQL's NOTIFY. Made by
 * {@code plinth.channel("presence", Presence.class)}, as often as one likes: channels of the same
 * name and schema are the same. Safe for use by many threads.
 *
 * <p>Promised: a message is heard by nobody before the publishing transaction commits, and never if
 * it rolls back; each subscriber is called by one thread at a time, gets the messages in the order
 * in which their transactions committed, and suffers neither from another's exceptions nor from its
 * slowness.
 *
 * <p>Not promised: that a message arrives. It is lost for a node that is not started, has no LISTEN
 * connection at that moment ({@code plinth.notifications().isConnected()}), or behind a pooler in
 * transaction mode never gets one; for a subscriber that has fallen 1,000 messages behind; and when
 * the process dies. It may come twice around a reconnect. Nothing is kept for later: a subscriber
 * hears what is committed after it has subscribed, and perhaps what was just on its way. PostgreSQL
 * sends the same message once when a transaction publishes it twice.
 *
 * @param <T> what is sent; written and read by the Plinth's JsonCodec
 */
public interface Channel<T> {
  /** The channel's name. */
  String name();

  /** The same channel, publishing in the given transaction. */
  Channel<T> in(Tx tx);

  /**
   * Sends a message to every node when the transaction commits: the thread's current one, or a
   * short one of its own.
   *
   * @param message at most 7,000 bytes as JSON in UTF-8, since NOTIFY takes less than 8,000; never
   *     secret. For more, publish an id and let the subscribers read
   * @throws IllegalArgumentException when it is larger; nothing was sent
   */
  void publish(T message);

  /** As {@link #subscribe(Consumer, Runnable)}, for whoever does not care what it misses. */
  default Subscription subscribe(Consumer<T> listener) {
    return subscribe(listener, () -> {});
  }

  /**
   * Calls the listener with each message, on a thread of the Plinth's executor and with no
   * connection held. What it throws is logged. A message that does not fit the type, as one from a
   * newer version of the host may not, is passed over and logged.
   *
   * @param missed called in the listener's place, between messages, when some may have been missed:
   *     each time the LISTEN connection stands anew, the first time included, and when this
   *     subscriber was too slow. The moment to read afresh what the messages tell about
   * @return ends it: after that, at most a call that has begun goes on
   */
  Subscription subscribe(Consumer<T> listener, Runnable missed);
}
