package dev.plinth.core.apikey;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/** Somebody else changed the key since it was read. The transaction remains usable. */
public final class StaleApiKeyException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID keyId;

  /** With the key's id and the version that was expected. */
  public StaleApiKeyException(UUID keyId, long version) {
    super(
        "API key "
            + keyId
            + " is no longer at version "
            + version
            + ", or gone: read it again and repeat the change");
    this.keyId = keyId;
  }

  /** The key. */
  public UUID keyId() {
    return keyId;
  }
}
