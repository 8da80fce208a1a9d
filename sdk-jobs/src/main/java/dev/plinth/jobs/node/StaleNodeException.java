package dev.plinth.jobs.node;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/**
 * A node was changed or deleted since it was read. Nothing was written; the transaction remains
 * usable.
 */
public final class StaleNodeException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID nodeId;

  /** With the node and the version that was expected. */
  public StaleNodeException(NodeId node, long expected) {
    super(
        "Node "
            + node
            + " is no longer at version "
            + expected
            + ": read it again and repeat the change");
    this.nodeId = node.value();
  }

  /** The node concerned. */
  public NodeId nodeId() {
    return new NodeId(nodeId);
  }
}
