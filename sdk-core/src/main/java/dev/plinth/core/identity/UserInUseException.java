package dev.plinth.core.identity;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/**
 * A user cannot be deleted, because rows that must not vanish refer to them. Nothing was done, and
 * the transaction remains usable.
 */
public final class UserInUseException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID userId;

  /** With the user's id. */
  public UserInUseException(UUID userId) {
    super(
        "User "
            + userId
            + " cannot be deleted, because jobs, batches or rows of the host's refer to them: remove"
            + " those first, or erase the user, which keeps the row");
    this.userId = userId;
  }

  /** The user concerned. */
  public UUID userId() {
    return userId;
  }
}
