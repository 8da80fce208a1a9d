package dev.plinth.core.vault;

/**
 * The key provider failed, most often because a KMS could not be reached. Nothing was encrypted,
 * decrypted or lost; values under data keys that this process has used before can still be read.
 */
public final class KeyProviderException extends VaultException {
  private static final long serialVersionUID = 1L;

  private final String keyId;

  /** With the id of the key it was asked for, and what it threw. */
  public KeyProviderException(String keyId, String asked, RuntimeException cause) {
    super(
        "The key provider could not "
            + asked
            + " a data key with the key \""
            + keyId
            + "\": look at the cause, and repeat the call once the provider answers again",
        cause);
    this.keyId = keyId;
  }

  /** The id of the key it was asked for. */
  public String keyId() {
    return keyId;
  }
}
