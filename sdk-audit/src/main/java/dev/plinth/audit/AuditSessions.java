package dev.plinth.audit;

import dev.plinth.core.json.Json;
import java.util.Optional;
import java.util.UUID;

/**
 * The sessions that actions may name, opened and ended with the host's log-in. Every change is an
 * appended row; none is ever updated. Works in the transaction of the {@link AuditScope} it came
 * from. Blocks; safe for use by many threads where that scope is.
 */
public interface AuditSessions {
  /**
   * Opens a session of a user, with the address and the program of the scope's context.
   *
   * @param metadata more about it, a JSON object of at most 64 KiB, and no secret
   * @return its id, a UUIDv7
   */
  UUID open(UUID userId, Json metadata);

  /**
   * Notes that the session was in use. Appends a row: call it every few minutes, not on every
   * request.
   *
   * @return false, and nothing is written, when the session is unknown or has ended
   */
  boolean touch(UUID sessionId);

  /**
   * Ends the session.
   *
   * @param reason why, such as {@code logout}; at most 255 characters
   * @return false, and nothing is written, when the session is unknown or has ended. Two ends at
   *     the same moment may both be written; the first is the one that is told
   */
  boolean end(UUID sessionId, String reason);

  /** The session with this id. */
  Optional<AuditSession> find(UUID sessionId);

  /** A user's sessions, those opened last first. */
  Page<AuditSession> ofUser(UUID userId, PageRequest page);
}
