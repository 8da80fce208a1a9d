package dev.plinth.core.tx;

import dev.plinth.core.PlinthException;
import org.jspecify.annotations.Nullable;

/**
 * A connection was handed over that is not in a transaction (auto-commit is on, or it is closed).
 * Nothing was done.
 */
public final class NoTransactionException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With what to do about it, and the driver's exception where there is one. */
  public NoTransactionException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
