package dev.plinth.core.credential;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/** A credential was changed or removed since it was read. Nothing was written. */
public final class StaleCredentialException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID credentialId;

  /** With the credential's id and the version that was expected. */
  public StaleCredentialException(UUID credentialId, long expected) {
    super(
        "Credential "
            + credentialId
            + " is no longer at version "
            + expected
            + ": read it again and repeat the change");
    this.credentialId = credentialId;
  }

  /** The credential concerned. */
  public UUID credentialId() {
    return credentialId;
  }
}
