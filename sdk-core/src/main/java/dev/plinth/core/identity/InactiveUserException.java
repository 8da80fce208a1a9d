package dev.plinth.core.identity;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/**
 * A call wants to give something to a user who is deactivated. Nothing was done, and the
 * transaction remains usable.
 */
public final class InactiveUserException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID userId;

  /** With the user's id. */
  public InactiveUserException(UUID userId) {
    super("User " + userId + " is deactivated: activate the user first, or refuse the request");
    this.userId = userId;
  }

  /** The user. */
  public UUID userId() {
    return userId;
  }
}
