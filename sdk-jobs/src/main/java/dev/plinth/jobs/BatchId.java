package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.util.UUID;

/**
 * Identifies a batch.
 *
 * @param value a UUIDv7
 */
public record BatchId(UUID value) {
  /** Checks the argument. */
  public BatchId {
    Args.notNull(value, "value");
  }

  /** From the text that {@link #toString()} gives. */
  public static BatchId of(String text) {
    return new BatchId(UUID.fromString(Args.text(text, 36, "text")));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
