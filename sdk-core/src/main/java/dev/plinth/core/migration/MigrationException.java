package dev.plinth.core.migration;

import dev.plinth.core.PlinthException;
import org.jspecify.annotations.Nullable;

/** The schema could not be changed as asked. */
public class MigrationException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With what to do about it, and the cause where there is one. */
  public MigrationException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
