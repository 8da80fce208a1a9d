package dev.plinth.core.password;

import dev.plinth.core.PlinthException;
import org.jspecify.annotations.Nullable;

/**
 * Too many passwords are being hashed at once, and the turn did not come in time. Nothing was done;
 * answer 503 and let the caller try again.
 */
public final class PasswordsBusyException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With a cause where the wait was interrupted. */
  public PasswordsBusyException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
