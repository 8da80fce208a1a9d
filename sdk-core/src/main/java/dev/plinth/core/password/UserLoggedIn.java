package dev.plinth.core.password;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.UUID;

/**
 * A user logged in with a password.
 *
 * @param userId who
 */
public record UserLoggedIn(UUID userId) implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "user.logged_in",
        userId,
        "user",
        userId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.emptyObject());
  }
}
