package dev.plinth.oauth;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.Map;
import java.util.UUID;

/**
 * A grant was revoked here; the provider is told next, if it wants to be.
 *
 * @param tokenId which grant
 * @param userId whose
 * @param provider at which provider
 * @param version the grant's version from then on
 */
public record TokenRevoked(UUID tokenId, UUID userId, String provider, long version)
    implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "oauth2.token.revoked",
        userId,
        "oauth2_token",
        tokenId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(Map.of("provider", provider, "version", version)));
  }
}
