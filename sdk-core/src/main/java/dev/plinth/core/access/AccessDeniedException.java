package dev.plinth.core.access;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/** A user may not do what it asked for. Nothing was done; the transaction remains usable. */
public final class AccessDeniedException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID userId;
  private final String permission;

  /** With the user and what it lacks. */
  public AccessDeniedException(UUID userId, String permission) {
    super(
        "User "
            + userId
            + " lacks the permission "
            + permission
            + ": grant a role that permits it, if it should be had");
    this.userId = userId;
    this.permission = permission;
  }

  /** The user. */
  public UUID userId() {
    return userId;
  }

  /** What the user lacks. */
  public String permission() {
    return permission;
  }
}
