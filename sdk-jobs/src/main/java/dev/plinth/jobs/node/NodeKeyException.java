package dev.plinth.jobs.node;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/**
 * The API key cannot be given to the node: there is no such key in its tenant that a node owns, or
 * another node has it. Nothing was written; the transaction remains usable.
 */
public final class NodeKeyException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID apiKeyId;

  /** With the key and what stands against it. */
  public NodeKeyException(UUID apiKeyId, String standing) {
    super(
        "API key "
            + apiKeyId
            + " "
            + standing
            + ": issue a key for KeyOwner.node(…) and give the node that one");
    this.apiKeyId = apiKeyId;
  }

  /** The id of the key. */
  public UUID apiKeyId() {
    return apiKeyId;
  }
}
