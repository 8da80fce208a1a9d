package dev.plinth.oauth;

import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code oauth2_tokens} without its secrets.
 *
 * @param id the grant's id, a UUIDv7
 * @param tenantId the tenant it belongs to, or null
 * @param userId whose grant it is
 * @param provider at which provider
 * @param status whether it can be used
 * @param scopes what was granted; unmodifiable
 * @param expiresAt when the access token ends, by the database's clock
 * @param version counts the token sets the row has held
 * @param createdAt when it was first granted
 * @param updatedAt when the row last changed
 */
public record StoredToken(
    UUID id,
    @Nullable String tenantId,
    UUID userId,
    String provider,
    Status status,
    Set<String> scopes,
    Instant expiresAt,
    long version,
    Instant createdAt,
    Instant updatedAt) {
  /** Whether a grant can be used. */
  public enum Status {
    /** As far as anyone knows the provider honours it. */
    ACTIVE,
    /** The provider refuses it, or it has ended and cannot be renewed. */
    NEEDS_CONSENT,
    /** It was revoked here, and its tokens are gone. */
    REVOKED
  }

  /** Copies the scopes. */
  public StoredToken {
    scopes = Set.copyOf(scopes);
  }
}
