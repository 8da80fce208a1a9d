package dev.plinth.jobs.node;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import org.jspecify.annotations.Nullable;

/**
 * Why somebody changes a node's status. Immutable; start from {@link #because}.
 *
 * @param reason for people, at most 10,000 characters
 * @param triggeredBy who it was, at most 100 characters; {@code manual} unless set
 * @param extraData more about it, at most 16,384 characters; or null
 */
public record StatusChange(String reason, String triggeredBy, @Nullable Json extraData) {
  /** Checks the arguments. */
  public StatusChange {
    Args.text(reason, 10_000, "reason");
    Args.text(triggeredBy, 100, "triggeredBy");
    if (extraData != null) {
      Args.bounded(extraData.text(), 16_384, "extraData");
    }
  }

  /** For this reason. */
  public static StatusChange because(String reason) {
    return new StatusChange(reason, "manual", null);
  }

  /** The same by somebody. */
  public StatusChange by(String triggeredBy) {
    return new StatusChange(reason, triggeredBy, extraData);
  }

  /** The same with more about it. */
  public StatusChange withExtraData(Json extraData) {
    return new StatusChange(reason, triggeredBy, Args.notNull(extraData, "extraData"));
  }
}
