package dev.plinth.core.access;

import dev.plinth.core.PlinthException;

/**
 * A role that users have, or from which roles inherit, cannot be dropped. Nothing was done; the
 * transaction remains usable.
 */
public final class RoleInUseException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String role;
  private final long users;
  private final long heirs;

  /** With the role's name, how many users have it and how many roles inherit from it. */
  public RoleInUseException(String role, long users, long heirs) {
    super(
        "The role "
            + role
            + " is in use: "
            + users
            + " users have it, and "
            + heirs
            + " roles inherit from it. Revoke it from the users that plinth.access().users(…) lists,"
            + " or give them another primary role, and disinherit the roles first");
    this.role = role;
    this.users = users;
    this.heirs = heirs;
  }

  /** The role. */
  public String role() {
    return role;
  }

  /** How many users have it. */
  public long users() {
    return users;
  }

  /** How many roles inherit from it directly. */
  public long heirs() {
    return heirs;
  }
}
