package dev.plinth.core.vault;

import org.jspecify.annotations.Nullable;

/**
 * A ciphertext was changed or cut, belongs to another cell, or its key's bytes are not the ones it
 * was made with.
 */
public final class TamperedException extends VaultException {
  private static final long serialVersionUID = 1L;

  /** With what to do about it, and the cause where there is one. */
  public TamperedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
