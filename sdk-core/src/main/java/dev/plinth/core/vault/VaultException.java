package dev.plinth.core.vault;

import dev.plinth.core.PlinthException;
import org.jspecify.annotations.Nullable;

/** Encryption or decryption failed. */
public class VaultException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With what to do about it, and the cause where there is one. */
  public VaultException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
