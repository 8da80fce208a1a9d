package dev.plinth.core.identity;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.UUID;

/**
 * A user's personal data is being erased. Announced in the transaction that erases, once for the
 * user and once for each who was merged into them before, so that every module removes what it
 * keeps of them.
 *
 * @param userId which one
 */
public record UserErased(UUID userId) implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "user.erased",
        userId,
        "user",
        userId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.emptyObject());
  }
}
