package dev.plinth.core.identity;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.UUID;

/**
 * A user was deactivated.
 *
 * @param userId which one
 */
public record UserDeactivated(UUID userId) implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "user.deactivated",
        userId,
        "user",
        userId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.emptyObject());
  }
}
