package dev.plinth.jobs.node;

import dev.plinth.core.spi.Args;
import java.util.UUID;

/**
 * Identifies a node.
 *
 * @param value a UUIDv7
 */
public record NodeId(UUID value) {
  /** Checks the argument. */
  public NodeId {
    Args.notNull(value, "value");
  }

  /** From the text that {@link #toString()} gives. */
  public static NodeId of(String text) {
    return new NodeId(UUID.fromString(Args.text(text, 36, "text")));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
