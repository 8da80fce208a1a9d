package dev.plinth.core.notify;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How it stands with the LISTEN connection. In every state but {@link State#LISTENING} this node
 * polls: everything still arrives, later.
 *
 * @param state how it stands
 * @param since since when, by this process's clock
 * @param losses how often a connection that listened was lost since the start
 * @param problem what the last attempt failed with; null while it listens or has not begun
 */
public record NotificationStatus(
    State state, Instant since, long losses, @Nullable String problem) {
  /** How it stands with the LISTEN connection. */
  public enum State {
    /** The builder switched it off. */
    SWITCHED_OFF,
    /** Before {@code plinth.start()} or after {@code plinth.close()}. */
    STOPPED,
    /** The first connection is being made or tried out. */
    CONNECTING,
    /** Notifications arrive. */
    LISTENING,
    /** The connection failed; another is tried again and again, within half a minute. */
    LOST,
    /** What was sent did not arrive, as behind a pooler in transaction mode; tried now and then. */
    UNHEARD,
    /** The pool has no connection to spare; tried now and then. */
    NO_CONNECTION
  }
}
