package dev.plinth.core.apikey;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A key was issued, afresh or in the place of another.
 *
 * @param keyId the key
 * @param owner whose it is
 * @param replaces the key that it was rotated from, or null
 */
public record ApiKeyIssued(UUID keyId, KeyOwner owner, @Nullable UUID replaces)
    implements PlinthEvent {
  @Override
  public Fact fact() {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("owner_type", owner.kind());
    details.put("owner_id", owner.id());
    if (replaces != null) {
      details.put("replaces", replaces);
    }
    return new Fact(
        replaces == null ? "api_key.issued" : "api_key.rotated",
        owner.userId().orElse(null),
        "api_key",
        keyId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(details));
  }
}
