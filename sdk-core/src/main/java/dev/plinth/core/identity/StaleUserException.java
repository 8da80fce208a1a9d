package dev.plinth.core.identity;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/** A user was changed or removed since it was read. Nothing was written. */
public final class StaleUserException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final transient UUID userId;

  /** With the user's id and the version that was expected. */
  public StaleUserException(UUID userId, long expected) {
    super(
        "User "
            + userId
            + " is no longer at version "
            + expected
            + ": read it again and repeat the change");
    this.userId = userId;
  }

  /** The user concerned. */
  public UUID userId() {
    return userId;
  }
}
