package dev.plinth.core.identity;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.UUID;

/**
 * A user who had been deactivated is active again.
 *
 * @param userId which one
 */
public record UserReactivated(UUID userId) implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "user.reactivated",
        userId,
        "user",
        userId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.emptyObject());
  }
}
