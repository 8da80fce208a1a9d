package dev.plinth.jobs.node;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/** There is no such node in this tenant. Nothing was written; the transaction remains usable. */
public final class UnknownNodeException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID nodeId;

  /** With the id that was given. */
  public UnknownNodeException(NodeId node) {
    super("There is no node " + node + " here: register it first");
    this.nodeId = node.value();
  }

  /** The id that was given. */
  public NodeId nodeId() {
    return new NodeId(nodeId);
  }
}
