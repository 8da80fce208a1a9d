package dev.plinth.core.identity;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.UUID;

/**
 * A user was deleted, row and all. What refers to the row by a cascading foreign key is gone when
 * this is announced.
 *
 * @param userId which one
 */
public record UserDeleted(UUID userId) implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "user.deleted",
        userId,
        "user",
        userId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.emptyObject());
  }
}
