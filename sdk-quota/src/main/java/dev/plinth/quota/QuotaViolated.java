package dev.plinth.quota;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * A charge was denied. Announced in the transaction of the denial, for the first one in each minute
 * of a user and limit; how many followed is in {@code quota_violations}.
 *
 * @param userId who was denied
 * @param check the limit that did not allow it
 */
public record QuotaViolated(UUID userId, Check check) implements PlinthEvent {
  @Override
  public Fact fact() {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("used", check.usage().used());
    details.put("held", check.usage().held());
    details.put("cap", check.usage().cap());
    details.put("requested", check.requested());
    details.put("resets_at", check.usage().resetsAt());
    return new Fact(
        "quota.violated",
        userId,
        "quota",
        check.usage().limit(),
        Fact.Outcome.DENIED,
        Json.object(details));
  }
}
