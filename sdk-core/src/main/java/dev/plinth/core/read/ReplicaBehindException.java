package dev.plinth.core.read;

import dev.plinth.core.PlinthException;
import org.jspecify.annotations.Nullable;

/**
 * A read that must not go to the primary ({@link WhenBehind.Fail}) found no replica that is known
 * to have replayed what it asks for. Nothing was read: repeat it later, or let it fall back.
 */
public final class ReplicaBehindException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With the reason, and the driver's exception where there is one. */
  public ReplicaBehindException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
