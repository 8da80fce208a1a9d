package dev.plinth.core.access;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/**
 * A user's primary role can be replaced but not revoked. Nothing was done; the transaction remains
 * usable.
 */
public final class PrimaryRoleException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID userId;
  private final String role;

  /** With the user and the role. */
  public PrimaryRoleException(UUID userId, String role) {
    super(
        role
            + " is the primary role of user "
            + userId
            + ": give the user another one with plinth.access().setRole(…), which replaces it");
    this.userId = userId;
    this.role = role;
  }

  /** The user. */
  public UUID userId() {
    return userId;
  }

  /** The role. */
  public String role() {
    return role;
  }
}
