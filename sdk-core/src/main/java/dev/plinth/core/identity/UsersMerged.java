package dev.plinth.core.identity;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.Map;
import java.util.UUID;

/**
 * One user is being merged into another. Announced in the transaction that merges, while it holds
 * the rows of both, so that every module hands what it keeps of the one to the other.
 *
 * @param from who is given up
 * @param into who takes over
 */
public record UsersMerged(UUID from, UUID into) implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "user.merged",
        into,
        "user",
        from.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(Map.of("into", into.toString())));
  }
}
