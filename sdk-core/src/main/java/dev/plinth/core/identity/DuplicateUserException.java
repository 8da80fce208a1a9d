package dev.plinth.core.identity;

import dev.plinth.core.PlinthException;

/** Another user has the same external id, address or name. Nothing was written. */
public final class DuplicateUserException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String field;

  /** With the field that is taken: {@code externalId}, {@code email} or {@code username}. */
  public DuplicateUserException(String field) {
    super("Another user has the same " + field + ": find that one, or choose another " + field);
    this.field = field;
  }

  /** The field that is taken. */
  public String field() {
    return field;
  }
}
