package dev.plinth.core.instance;

import dev.plinth.core.event.Events.Subscription;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * This Plinth's row in {@code instances} and what it knows of the others. An instance is one
 * incarnation: a new UUID at every start, never a host name.
 *
 * <p>Whether an instance lives is decided by the database's clock: its row says until when it may
 * be believed alive, and each heartbeat moves that on. An instance that was dead once stays dead: a
 * heartbeat that comes too late is refused, and the node goes on under a new id. SQL judges by
 * {@link dev.plinth.core.spi.Liveness}. Safe for use by many threads.
 */
public interface Instances {
  /**
   * The id of this incarnation; another one after it was lost, so whoever acts for long under an id
   * keeps it and asks {@link #isAlive(UUID)}.
   *
   * @throws IllegalStateException before {@code plinth.start()}
   */
  UUID id();

  /**
   * True while this process may act under its instance: started, not closed, and its last
   * successful heartbeat is younger than the time after which others declare it dead, judged by a
   * monotonic clock and by wall time, whichever says less. Sends no statement.
   */
  boolean isAlive();

  /**
   * As {@link #isAlive()}, for work begun under the given id: false as well once this node goes on
   * under another.
   */
  boolean isAlive(UUID id);

  /** How long after its last heartbeat an instance is declared dead. */
  Duration timeToLive();

  /** An instance by its id, as the database has it now. */
  Optional<Instance> find(UUID id);

  /**
   * Calls the listener, on a thread of Plinth's own, when this instance was declared dead by others
   * (after a long pause, say). It is given the id that was lost, with whatever that held; {@link
   * #id()} is the new one already.
   *
   * @return ends it: no loss noticed from then on is told to the listener
   */
  Subscription onLost(Consumer<UUID> listener);
}
