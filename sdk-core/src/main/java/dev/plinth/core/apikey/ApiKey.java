package dev.plinth.core.apikey;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code api_keys}, without the hash. Immutable; the {@code with…} methods make the
 * changed copy that {@link ApiKeys#update} takes.
 *
 * @param id its id, a UUIDv7; no secret
 * @param tenantId the tenant it belongs to, or null
 * @param owner who acts with it
 * @param name what people call it
 * @param prefix what its text begins with, and four characters more, to recognise it by
 * @param scopes what it may be used for, in the host's words
 * @param metadata the host's own data, a JSON object
 * @param isActive false once revoked
 * @param replaces the key that it was rotated from, or null
 * @param createdAt when it was issued
 * @param expiresAt from when it is refused; null when it does not expire
 * @param revokedAt when it was revoked, or null
 * @param lastUsedAt when it was last used, to the minute; null when never
 * @param version counts changes, for optimistic locking
 */
public record ApiKey(
    UUID id,
    @Nullable String tenantId,
    KeyOwner owner,
    String name,
    String prefix,
    List<String> scopes,
    Json metadata,
    boolean isActive,
    @Nullable UUID replaces,
    Instant createdAt,
    @Nullable Instant expiresAt,
    @Nullable Instant revokedAt,
    @Nullable Instant lastUsedAt,
    long version) {
  /** Refuses null where it has no meaning, and keeps a copy of the scopes. */
  public ApiKey {
    Args.notNull(id, "id");
    Args.notNull(owner, "owner");
    Args.notNull(name, "name");
    Args.notNull(prefix, "prefix");
    scopes = List.copyOf(Args.notNull(scopes, "scopes"));
    Args.notNull(metadata, "metadata");
    Args.notNull(createdAt, "createdAt");
  }

  /** The same with another name; for {@link ApiKeys#update}. */
  public ApiKey withName(String name) {
    return with(name, scopes, metadata, expiresAt);
  }

  /** The same with other scopes; for {@link ApiKeys#update}. */
  public ApiKey withScopes(List<String> scopes) {
    return with(name, scopes, metadata, expiresAt);
  }

  /** The same with other data of the host's; for {@link ApiKeys#update}. */
  public ApiKey withMetadata(Json metadata) {
    return with(name, scopes, metadata, expiresAt);
  }

  /** The same with another end, or none; for {@link ApiKeys#update}. */
  public ApiKey withExpiresAt(@Nullable Instant expiresAt) {
    return with(name, scopes, metadata, expiresAt);
  }

  private ApiKey with(
      String name, List<String> scopes, Json metadata, @Nullable Instant expiresAt) {
    return new ApiKey(
        id,
        tenantId,
        owner,
        name,
        prefix,
        scopes,
        metadata,
        isActive,
        replaces,
        createdAt,
        expiresAt,
        revokedAt,
        lastUsedAt,
        version);
  }
}
