package dev.plinth.core.access;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A user's primary role was set: by an administrator, by a mapping of single sign-on, or by {@code
 * Users.update}.
 *
 * @param userId whose
 * @param before the role that was replaced; the same when only the override is new
 * @param role the role that is set now
 * @param byAdministrator the user who decided it; null for a mapping or an update
 */
public record PrimaryRoleSet(
    UUID userId, String before, String role, @Nullable UUID byAdministrator)
    implements PlinthEvent {
  @Override
  public Fact fact() {
    Map<String, Object> details = new HashMap<>(Map.of("before", before, "role", role));
    if (byAdministrator != null) {
      details.put("by", byAdministrator);
    }
    return new Fact(
        "role.set",
        userId,
        "user",
        userId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(details));
  }
}
