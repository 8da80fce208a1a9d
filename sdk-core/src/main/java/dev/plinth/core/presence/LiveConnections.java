package dev.plinth.core.presence;

import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.tx.Tx;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The registry of live connections, in {@code websocket_connections}. A connection lives while the
 * instance that registered it lives, and until its time to live has passed since the node last said
 * that it was seen, both by the database's clock. So those of a node that was killed vanish from
 * every answer together with its instance; their rows are swept later.
 *
 * <pre>{@code
 * LiveConnection mine = plinth.liveConnections().register(NewConnection.of(userId), 5);
 * socket.onPong(() -> plinth.liveConnections().seen(mine.id()));
 * socket.onClose(() -> plinth.liveConnections().close(mine.id()));
 * plinth.liveConnections().onDismissed(id -> sockets.close(id));
 * }</pre>
 *
 * <p>Standalone calls run in the thread's current transaction or a short one of their own; {@link
 * #in(Tx)} gives the same in a transaction at hand. In a transaction with a tenant, only that
 * tenant's connections are found and written; without one, those of no tenant. Safe for use by many
 * threads.
 */
public interface LiveConnections {
  /** The same, working in the given transaction. */
  LiveConnections in(Tx tx);

  /**
   * Registers a connection that this node holds, however many the user has.
   *
   * @throws dev.plinth.core.identity.UnknownUserException when there is no such user; the
   *     transaction remains usable
   * @throws IllegalStateException before {@code plinth.start()}
   */
  LiveConnection register(NewConnection connection);

  /**
   * As {@link #register(NewConnection)}, unless the user has {@code limit} live connections
   * already. Exact, however many register at once with a limit, on however many nodes: they wait
   * for each other, user by user, until their transactions end. Under {@code REPEATABLE READ} and
   * stricter the count is that of the snapshot, and so not exact.
   *
   * @param limit at least 1
   * @throws TooManyConnectionsException when the user has that many; the transaction remains usable
   * @throws dev.plinth.core.identity.UnknownUserException as above
   */
  LiveConnection register(NewConnection connection, int limit);

  /**
   * Notes that a connection of this node is open: something was heard from the client. Sends
   * nothing and does not block; the node tells the database of all that were seen, one statement
   * for each tenant, four times in the shortest time to live.
   *
   * @return false when this node does not hold it, or no longer: close it
   */
  boolean seen(UUID id);

  /**
   * Removes a connection that was closed. {@link #onDismissed} is not told.
   *
   * @return false when it was gone already
   */
  boolean close(UUID id);

  /**
   * Sends a connection away, whichever node holds it: it no longer counts once the transaction has
   * committed, and the node that holds it is told then, by a notification, or where that is lost,
   * when it next compares (four times in the time to live).
   *
   * @return false when there was no such live connection
   */
  boolean dismiss(UUID id);

  /**
   * As {@link #dismiss}, for all connections of a user.
   *
   * @return how many were live
   */
  int dismissAll(UUID userId);

  /**
   * As {@link #dismissAll}, except for one: sends the user's other devices away.
   *
   * @param keptId the connection that stays
   */
  int dismissOthers(UUID userId, UUID keptId);

  /**
   * Calls the listener with each connection of this node that must be closed: it was sent away, its
   * user was deleted, it expired because it was not seen, or this node was declared dead and goes
   * on as another instance. Once for each connection, one after the other, on a thread of the
   * executor, never on one that commits; a listener that blocks keeps the others waiting. Where the
   * executor takes no task, it is told later, as long as this Plinth is open. Ids that the listener
   * does not know are those of registrations that were rolled back.
   *
   * @return ends it
   */
  Subscription onDismissed(Consumer<UUID> listener);

  /** A live connection. */
  Optional<LiveConnection> find(UUID id);

  /** The live connections of a user, oldest first. */
  List<LiveConnection> list(UUID userId);

  /** How many live connections a user has. */
  int count(UUID userId);

  /**
   * Who of these is there, in one query.
   *
   * @param userIds at most 10,000
   * @return the users with at least one live connection
   */
  Map<UUID, Presence> presence(Collection<UUID> userIds);

  /**
   * A page of live connections in ascending order of id, that is of registration.
   *
   * @param after the last id of the page before, or null for the first
   * @param limit at most 1,000
   */
  List<LiveConnection> page(@Nullable UUID after, int limit);
}
