package dev.plinth.core.credential;

import dev.plinth.core.PlinthException;

/**
 * The user has a credential of this name for this integration already. Nothing was written, and the
 * transaction remains usable.
 */
public final class DuplicateCredentialException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String name;

  /** With the name that is taken. */
  public DuplicateCredentialException(String name) {
    super(
        "The user has a credential named \""
            + name
            + "\" for this integration already: replace its secret, or choose another name");
    this.name = name;
  }

  /** The name that is taken. */
  public String name() {
    return name;
  }
}
