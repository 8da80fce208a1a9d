package dev.plinth.core;

import org.jspecify.annotations.Nullable;

/**
 * Root of every exception that Plinth throws on purpose, apart from {@link
 * IllegalArgumentException} for bad input and {@link IllegalStateException} for calls that come too
 * early or too late.
 *
 * <p>Messages say what happened and what to do next. They never contain a secret.
 */
public class PlinthException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message only. */
  public PlinthException(String message) {
    super(message);
  }

  /** With the cause that led here, which may be null. */
  public PlinthException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
