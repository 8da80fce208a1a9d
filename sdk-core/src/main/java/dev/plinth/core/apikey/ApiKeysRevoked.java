package dev.plinth.core.apikey;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Keys of one owner were revoked.
 *
 * @param owner whose they were
 * @param keyIds the keys, at least one
 */
public record ApiKeysRevoked(KeyOwner owner, List<UUID> keyIds) implements PlinthEvent {
  private static final int TOLD = 100;

  /** Keeps a copy of the ids. */
  public ApiKeysRevoked {
    keyIds = List.copyOf(keyIds);
  }

  /** Names a hundred of the keys at most. */
  @Override
  public Fact fact() {
    return new Fact(
        "api_key.revoked",
        owner.userId().orElse(null),
        "api_key",
        keyIds.get(0).toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(Map.of("count", keyIds.size(), "keys", keyIds.stream().limit(TOLD).toList())));
  }
}
