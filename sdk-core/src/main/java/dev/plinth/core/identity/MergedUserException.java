package dev.plinth.core.identity;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/**
 * A call names a user who was merged into another. Nothing was done, and the transaction remains
 * usable.
 */
public final class MergedUserException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID userId;
  private final UUID mergedInto;

  /** With the user's id and the one who took over. */
  public MergedUserException(UUID userId, UUID mergedInto) {
    super("User " + userId + " was merged into " + mergedInto + ": use that one");
    this.userId = userId;
    this.mergedInto = mergedInto;
  }

  /** The user who was named. */
  public UUID userId() {
    return userId;
  }

  /** The user who took over. */
  public UUID mergedInto() {
    return mergedInto;
  }
}
