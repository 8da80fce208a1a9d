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
 * @param tenantId the tenant it belongs to; null for that of the announcing transaction, if it
 *     names one
 */
public record Fact(
    String action,
    @Nullable UUID userId,
    String resourceType,
    String resourceId,
    Outcome outcome,
    Json details,
    @Nullable String tenantId) {
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
    if (tenantId != null) {
      Args.text(tenantId, 255, "tenantId");
    }
  }

  /** One of the announcing transaction's tenant. */
  public Fact(
      String action,
      @Nullable UUID userId,
      String resourceType,
      String resourceId,
      Outcome outcome,
      Json details) {
    this(action, userId, resourceType, resourceId, outcome, details, null);
  }
}
