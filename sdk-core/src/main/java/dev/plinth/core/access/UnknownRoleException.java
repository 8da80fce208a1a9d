package dev.plinth.core.access;

import dev.plinth.core.PlinthException;

/** A call names a role that is not defined. Nothing was done; the transaction remains usable. */
public final class UnknownRoleException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String role;

  /** With the role's name. */
  public UnknownRoleException(String role) {
    super(
        "There is no role "
            + role
            + ": define it first, with plinth.roles().define(\""
            + role
            + "\"), or name another");
    this.role = role;
  }

  /** The name that was not found. */
  public String role() {
    return role;
  }
}
