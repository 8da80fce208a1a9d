/**
 * Presence: the live connections of users (WebSockets, event streams), each of the node that holds
 * it.
 *
 * <p>For hosts that show who is online, limit connections per user, or send other devices away.
 * Start with {@link dev.plinth.core.presence.LiveConnections}.
 */
@NullMarked
package dev.plinth.core.presence;

import org.jspecify.annotations.NullMarked;
