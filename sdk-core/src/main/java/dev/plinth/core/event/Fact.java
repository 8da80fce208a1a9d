package dev.plinth.core.event;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An event in the terms of an audit log.
 *
 * @param action what happened, such as {@code quota.violated}
 * @param userId who did it or whom it concerns; null when nobody in particular
 * @param resourceType the kind of thing it happened to, such as {@code job}
 * @param resourceId which one
 * @param outcome how it ended
 * @param details more about it, a JSON object
 */
public record Fact(
    String action,
    @Nullable UUID userId,
    String resourceType,
    String resourceId,
    Outcome outcome,
    Json details) {
  /** How something ended. */
  public enum Outcome {
    /** It was done. */
    SUCCEEDED,
    /** It was not allowed. */
    DENIED,
    /** It was tried and went wrong. */
    FAILED
  }

  /** Checks the arguments. */
  public Fact {
    Args.text(action, 100, "action");
    Args.notNull(outcome, "outcome");
    Args.text(resourceType, 100, "resourceType");
    Args.text(resourceId, 255, "resourceId");
    Args.notNull(details, "details").requireObject("details");
  }
}
