package dev.plinth.core.identity;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/**
 * A call names a user who does not exist, or not in the transaction's tenant, or who was merged
 * into another or erased. Nothing was done, and the transaction remains usable.
 */
public final class UnknownUserException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID userId;

  /** With the id that was not found. */
  public UnknownUserException(UUID userId) {
    super(
        "There is no user "
            + userId
            + " in this transaction's tenant, or only one who was merged or erased: create the user"
            + " with plinth.users() first, and name the tenant the user belongs to");
    this.userId = userId;
  }

  /** The id that was not found. */
  public UUID userId() {
    return userId;
  }
}
