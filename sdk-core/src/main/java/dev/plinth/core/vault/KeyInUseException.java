package dev.plinth.core.vault;

import java.util.List;
import java.util.stream.Collectors;

/** A key is still needed, so it was neither retired nor destroyed. */
public final class KeyInUseException extends VaultException {
  private static final long serialVersionUID = 1L;

  private final String keyId;
  private final transient List<KeyReference> references;

  /** With the key's id, what to do, and the columns that need it. */
  public KeyInUseException(String keyId, String message, List<KeyReference> references) {
    super(
        references.isEmpty()
            ? message
            : message
                + " ("
                + references.stream().map(KeyReference::toString).collect(Collectors.joining(", "))
                + ")",
        null);
    this.keyId = keyId;
    this.references = List.copyOf(references);
  }

  /** The id of the data key, or of the key of the key ring. */
  public String keyId() {
    return keyId;
  }

  /** The columns with values under it; empty when it is needed for another reason. */
  public List<KeyReference> references() {
    return references;
  }
}
