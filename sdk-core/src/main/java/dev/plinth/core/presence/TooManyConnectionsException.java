package dev.plinth.core.presence;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/**
 * A user has as many live connections as the caller allows. Nothing was done, and the transaction
 * remains usable.
 */
public final class TooManyConnectionsException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID userId;
  private final int limit;

  /** With the user and the limit. */
  public TooManyConnectionsException(UUID userId, int limit) {
    super(
        "The user "
            + userId
            + " has "
            + limit
            + " live connections, and no more are allowed: refuse this one, or send another away with"
            + " dismiss(…) first");
    this.userId = userId;
    this.limit = limit;
  }

  /** Who is connected. */
  public UUID userId() {
    return userId;
  }

  /** How many connections were allowed. */
  public int limit() {
    return limit;
  }
}
