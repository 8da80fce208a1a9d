package dev.plinth.core.access;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.Map;
import java.util.UUID;

/**
 * A role was taken from a user.
 *
 * @param userId whom
 * @param role which one
 */
public record RoleRevoked(UUID userId, String role) implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "role.revoked",
        userId,
        "user",
        userId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(Map.of("role", role)));
  }
}
