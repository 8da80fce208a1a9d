package dev.plinth.core.tx;

import dev.plinth.core.PlinthException;
import org.jspecify.annotations.Nullable;

/**
 * The connection was lost while the commit was under way, or a statement that commits by itself, so
 * the work may or may not have been made durable. Look for its effect, by the ids it used, before
 * doing it again; calls that take an idempotency key or a caller's id may simply be repeated.
 */
public final class OutcomeUnknownException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With what to do about it, and the driver's exception where there is one. */
  public OutcomeUnknownException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
