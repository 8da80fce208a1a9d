package dev.plinth.core.access;

import dev.plinth.core.PlinthException;

/** A built-in role cannot be dropped. Nothing was done; the transaction remains usable. */
public final class BuiltInRoleException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String role;

  /** With the role's name. */
  public BuiltInRoleException(String role) {
    super("The role " + role + " is built in and stays: withdraw permissions from it instead");
    this.role = role;
  }

  /** The role. */
  public String role() {
    return role;
  }
}
