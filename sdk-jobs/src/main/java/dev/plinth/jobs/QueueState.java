package dev.plinth.jobs;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How it stands with a queue.
 *
 * @param queue its name
 * @param pausedAt since when it is paused, or null when it is not
 * @param pausedBy who paused it, or null
 * @param reason why it is paused, or null
 */
public record QueueState(
    String queue, @Nullable Instant pausedAt, @Nullable String pausedBy, @Nullable String reason) {
  /** True when nobody claims from it. */
  public boolean isPaused() {
    return pausedAt != null;
  }
}
