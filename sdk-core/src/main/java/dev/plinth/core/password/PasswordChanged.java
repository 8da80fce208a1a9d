package dev.plinth.core.password;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.UUID;

/**
 * A user's password was set or removed; not announced when a log-in hashes the same one anew.
 *
 * @param userId whose
 * @param removed true when the user has none now
 */
public record PasswordChanged(UUID userId, boolean removed) implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        removed ? "password.removed" : "password.changed",
        userId,
        "user",
        userId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.emptyObject());
  }
}
