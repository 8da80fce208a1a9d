package dev.plinth.core.credential;

import dev.plinth.core.spi.Args;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code credentials}, without its secret. Immutable.
 *
 * @param id Plinth's id, a UUIDv7
 * @param tenantId the tenant it belongs to, or null
 * @param userId whose it is
 * @param integrationId the integration it is for, or null
 * @param name what people call it
 * @param type what kind of secret it holds
 * @param oauthExpiresAt when the access token of an OAuth 2.0 credential expires, or null
 * @param isActive false when it is not to be used
 * @param version counts changes, for optimistic locking
 * @param createdAt when it was stored
 * @param updatedAt when its row last changed; re-encryption and use count as well
 * @param lastUsedAt when it was last opened, exact to a minute; or null
 */
public record Credential(
    UUID id,
    @Nullable String tenantId,
    UUID userId,
    @Nullable String integrationId,
    String name,
    CredentialType type,
    @Nullable Instant oauthExpiresAt,
    boolean isActive,
    long version,
    Instant createdAt,
    Instant updatedAt,
    @Nullable Instant lastUsedAt) {
  /** Checks that what every row has is there. */
  public Credential {
    Args.notNull(id, "id");
    Args.notNull(userId, "userId");
    Args.notNull(name, "name");
    Args.notNull(type, "type");
    Args.notNull(createdAt, "createdAt");
    Args.notNull(updatedAt, "updatedAt");
  }
}
