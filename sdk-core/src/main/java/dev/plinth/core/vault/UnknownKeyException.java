package dev.plinth.core.vault;

/** A value was encrypted under a key that this vault does not have. */
public final class UnknownKeyException extends VaultException {
  private static final long serialVersionUID = 1L;

  private final String keyId;

  /** With the id of the missing key; ids are not secret. */
  public UnknownKeyException(String keyId) {
    super(
        "The vault has no key \""
            + keyId
            + "\": add it to the key ring, or restore the old one until"
            + " rotation has finished",
        null);
    this.keyId = keyId;
  }

  /** The id of the missing key. */
  public String keyId() {
    return keyId;
  }
}
