package dev.plinth.core.tx;

import dev.plinth.core.PlinthException;
import org.jspecify.annotations.Nullable;

/**
 * A write was asked for in a read-only transaction, or on a standby (SQLState 25006). Nothing was
 * done.
 */
public final class ReadOnlyTransactionException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With what to do about it, and the driver's exception where there is one. */
  public ReadOnlyTransactionException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
