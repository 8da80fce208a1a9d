package dev.plinth.core.notify;

import dev.plinth.core.spi.Args;

/**
 * The two arguments of {@code pg_notify}, from {@link Notifications#prepare}.
 *
 * @param channel the channel that every node of this schema listens on
 * @param payload topic and payload, as those nodes read them
 */
public record PreparedNotification(String channel, String payload) {
  /** Neither is null. */
  public PreparedNotification {
    Args.notNull(channel, "channel");
    Args.notNull(payload, "payload");
  }
}
