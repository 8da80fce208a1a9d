package dev.plinth.core.instance;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code instances}.
 *
 * @param id this incarnation
 * @param name what the host calls the node, for people
 * @param state whether it lives, by the database's clock
 * @param startedAt when it started
 * @param heartbeatAt its last sign of life
 * @param endedAt when it stopped or was declared dead; null while alive
 */
public record Instance(
    UUID id,
    String name,
    State state,
    Instant startedAt,
    Instant heartbeatAt,
    @Nullable Instant endedAt) {
  /** Whether an instance lives. */
  public enum State {
    /** Its heartbeat is recent. */
    ALIVE,
    /** It closed in good order. */
    STOPPED,
    /** Its heartbeat is overdue, or it was declared dead. */
    DEAD
  }
}
