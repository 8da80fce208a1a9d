package dev.plinth.core.tx;

import dev.plinth.core.PlinthException;
import org.jspecify.annotations.Nullable;

/**
 * The transaction had already failed before Plinth was called (SQLState 25P02): PostgreSQL ignores
 * every statement until the host rolls back. Nothing was done.
 */
public final class TransactionAbortedException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With what to do about it, and the driver's exception where there is one. */
  public TransactionAbortedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
