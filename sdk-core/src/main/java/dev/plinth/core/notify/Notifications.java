package dev.plinth.core.notify;

import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.tx.Tx;
import java.util.function.Consumer;

/**
 * Hints between the nodes, over one LISTEN connection per started Plinth.
 *
 * <p>Best effort: a notification may be lost (no connection, PgBouncer in transaction mode,
 * switched off), come twice or come late, so every consumer also polls. Safe for use by many
 * threads.
 */
public interface Notifications {
  /**
   * Sends to every node, this one included, when the transaction commits.
   *
   * @param topic a short name, letters, digits, {@code .}, {@code _} and {@code -}, at most 50
   *     characters
   * @param payload at most 7,000 bytes in UTF-8; may be empty, never secret
   */
  void send(Tx tx, String topic, String payload);

  /**
   * The same for a statement that notifies by itself, which saves a round trip: what to hand to
   * PostgreSQL's {@code pg_notify(channel, payload)}. Sends nothing. Topic and payload are as for
   * {@link #send}.
   */
  PreparedNotification prepare(String topic, String payload);

  /**
   * Calls the listener with each payload of the topic, one at a time, on the notification thread:
   * it must hand over anything that takes time. After a reconnect every listener is called once
   * with an empty payload, since something may have been missed.
   */
  Subscription subscribe(String topic, Consumer<String> listener);

  /** True while the LISTEN connection stands; false means that everyone is polling. */
  boolean isConnected();

  /** How it stands with the LISTEN connection, and since when. Sends nothing. */
  NotificationStatus status();
}
