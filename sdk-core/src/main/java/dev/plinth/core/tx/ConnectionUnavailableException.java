package dev.plinth.core.tx;

import dev.plinth.core.PlinthException;
import org.jspecify.annotations.Nullable;

/**
 * No connection could be had: the pool is exhausted or the server does not answer. Nothing was
 * done, so the call may be repeated.
 */
public final class ConnectionUnavailableException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With what to do about it, and the driver's exception where there is one. */
  public ConnectionUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
