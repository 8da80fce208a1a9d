package dev.plinth.core.access;

import dev.plinth.core.PlinthException;

/** Roles cannot inherit in a circle. Nothing was done; the transaction remains usable. */
public final class RoleCycleException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String role;
  private final String parent;

  /** With the role and the parent that inherits from it already. */
  public RoleCycleException(String role, String parent) {
    super(
        "The role "
            + parent
            + " inherits from "
            + role
            + " already, so "
            + role
            + " cannot inherit from "
            + parent
            + ": disinherit the one first, or move what both permit into a third role");
    this.role = role;
    this.parent = parent;
  }

  /** The role that was to inherit. */
  public String role() {
    return role;
  }

  /** The role it was to inherit from. */
  public String parent() {
    return parent;
  }
}
