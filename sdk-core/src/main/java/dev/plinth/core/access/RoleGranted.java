package dev.plinth.core.access;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A user was given a role besides those it had.
 *
 * @param userId whom
 * @param role which one
 * @param by the user who granted it, or null
 */
public record RoleGranted(UUID userId, String role, @Nullable UUID by) implements PlinthEvent {
  @Override
  public Fact fact() {
    Map<String, Object> details = new HashMap<>(Map.of("role", role));
    if (by != null) {
      details.put("by", by);
    }
    return new Fact(
        "role.granted",
        userId,
        "user",
        userId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(details));
  }
}
