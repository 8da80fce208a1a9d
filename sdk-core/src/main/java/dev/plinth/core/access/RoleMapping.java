package dev.plinth.core.access;

/** What a mapping of single sign-on did to a user's primary role. */
public enum RoleMapping {
  /** The user has another primary role now. */
  CHANGED,
  /** The user had that primary role already. */
  UNCHANGED,
  /** An administrator has set another one, which stays. */
  OVERRIDDEN
}
