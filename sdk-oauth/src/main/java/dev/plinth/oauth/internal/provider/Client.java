package dev.plinth.oauth.internal.provider;

import dev.plinth.oauth.ClientAuthentication;
import java.net.URI;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A provider's row with its secret decrypted, for the length of one call. */
public record Client(
    UUID id,
    String provider,
    URI tokenEndpoint,
    @Nullable URI revocationEndpoint,
    String clientId,
    @Nullable String clientSecret,
    ClientAuthentication clientAuthentication,
    Duration defaultExpiry,
    Duration httpTimeout) {
  @Override
  public String toString() {
    return "Client[" + provider + "]";
  }
}
