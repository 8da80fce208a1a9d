package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.util.UUID;

/**
 * Identifies a job.
 *
 * @param value a UUIDv7, so that ids ascend with the time of enqueueing
 */
public record JobId(UUID value) {
  /** Checks the argument. */
  public JobId {
    Args.notNull(value, "value");
  }

  /** From the text that {@link #toString()} gives. */
  public static JobId of(String text) {
    return new JobId(UUID.fromString(Args.text(text, 36, "text")));
  }

  @Override
  public String toString() {
    return value.toString();
  }
}
