package dev.plinth.core.identity;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code users}. Immutable; the {@code with…} methods make the changed copy that {@link
 * Users#update} takes.
 *
 * @param id Plinth's id, a UUIDv7
 * @param tenantId the tenant it belongs to, or null
 * @param externalId the host's own key, or null
 * @param email the address as given; unique without regard to case, per tenant; or null
 * @param username unique name, or null
 * @param fullName display name, or null
 * @param picture address of a picture, or null
 * @param role primary role
 * @param authProvider who authenticates it: {@code local}, or a provider's name
 * @param isActive false once deactivated
 * @param isVerified whether the address was confirmed
 * @param lastLoginAt last log-in, or null
 * @param settings the user's preferences, a JSON object
 * @param metadata the host's own data, a JSON object
 * @param createdAt when it was created
 * @param updatedAt when it last changed
 * @param version counts changes, for optimistic locking
 * @param deactivatedAt when it was deactivated; null while it is active
 * @param mergedInto the user who took over what was this one's, or null; never one who was merged
 *     in turn
 * @param erasedAt when its personal data was erased, or null
 */
public record User(
    UUID id,
    @Nullable String tenantId,
    @Nullable String externalId,
    @Nullable String email,
    @Nullable String username,
    @Nullable String fullName,
    @Nullable String picture,
    String role,
    String authProvider,
    boolean isActive,
    boolean isVerified,
    @Nullable Instant lastLoginAt,
    Json settings,
    Json metadata,
    Instant createdAt,
    Instant updatedAt,
    long version,
    @Nullable Instant deactivatedAt,
    @Nullable UUID mergedInto,
    @Nullable Instant erasedAt) {
  /** Refuses null where the table does; the rest is checked when it is written. */
  public User {
    Args.notNull(id, "id");
    Args.notNull(role, "role");
    Args.notNull(authProvider, "authProvider");
    Args.notNull(settings, "settings");
    Args.notNull(metadata, "metadata");
    Args.notNull(createdAt, "createdAt");
    Args.notNull(updatedAt, "updatedAt");
  }

  /** The same with another address; for {@link Users#update}. */
  public User withEmail(@Nullable String email) {
    return new User(
        id,
        tenantId,
        externalId,
        email,
        username,
        fullName,
        picture,
        role,
        authProvider,
        isActive,
        isVerified,
        lastLoginAt,
        settings,
        metadata,
        createdAt,
        updatedAt,
        version,
        deactivatedAt,
        mergedInto,
        erasedAt);
  }

  /** The same with another unique name; for {@link Users#update}. */
  public User withUsername(@Nullable String username) {
    return new User(
        id,
        tenantId,
        externalId,
        email,
        username,
        fullName,
        picture,
        role,
        authProvider,
        isActive,
        isVerified,
        lastLoginAt,
        settings,
        metadata,
        createdAt,
        updatedAt,
        version,
        deactivatedAt,
        mergedInto,
        erasedAt);
  }

  /** The same with another display name; for {@link Users#update}. */
  public User withFullName(@Nullable String fullName) {
    return new User(
        id,
        tenantId,
        externalId,
        email,
        username,
        fullName,
        picture,
        role,
        authProvider,
        isActive,
        isVerified,
        lastLoginAt,
        settings,
        metadata,
        createdAt,
        updatedAt,
        version,
        deactivatedAt,
        mergedInto,
        erasedAt);
  }

  /** The same with another picture's address; for {@link Users#update}. */
  public User withPicture(@Nullable String picture) {
    return new User(
        id,
        tenantId,
        externalId,
        email,
        username,
        fullName,
        picture,
        role,
        authProvider,
        isActive,
        isVerified,
        lastLoginAt,
        settings,
        metadata,
        createdAt,
        updatedAt,
        version,
        deactivatedAt,
        mergedInto,
        erasedAt);
  }

  /** The same with another primary role; for {@link Users#update}. */
  public User withRole(String role) {
    return new User(
        id,
        tenantId,
        externalId,
        email,
        username,
        fullName,
        picture,
        role,
        authProvider,
        isActive,
        isVerified,
        lastLoginAt,
        settings,
        metadata,
        createdAt,
        updatedAt,
        version,
        deactivatedAt,
        mergedInto,
        erasedAt);
  }

  /** The same with somebody else to authenticate it; for {@link Users#update}. */
  public User withAuthProvider(String authProvider) {
    return new User(
        id,
        tenantId,
        externalId,
        email,
        username,
        fullName,
        picture,
        role,
        authProvider,
        isActive,
        isVerified,
        lastLoginAt,
        settings,
        metadata,
        createdAt,
        updatedAt,
        version,
        deactivatedAt,
        mergedInto,
        erasedAt);
  }

  /** The same with its address confirmed or not; for {@link Users#update}. */
  public User withVerified(boolean isVerified) {
    return new User(
        id,
        tenantId,
        externalId,
        email,
        username,
        fullName,
        picture,
        role,
        authProvider,
        isActive,
        isVerified,
        lastLoginAt,
        settings,
        metadata,
        createdAt,
        updatedAt,
        version,
        deactivatedAt,
        mergedInto,
        erasedAt);
  }

  /** The same with another last log-in; for {@link Users#update}. */
  public User withLastLoginAt(@Nullable Instant lastLoginAt) {
    return new User(
        id,
        tenantId,
        externalId,
        email,
        username,
        fullName,
        picture,
        role,
        authProvider,
        isActive,
        isVerified,
        lastLoginAt,
        settings,
        metadata,
        createdAt,
        updatedAt,
        version,
        deactivatedAt,
        mergedInto,
        erasedAt);
  }

  /** The same with other preferences; for {@link Users#update}. */
  public User withSettings(Json settings) {
    return new User(
        id,
        tenantId,
        externalId,
        email,
        username,
        fullName,
        picture,
        role,
        authProvider,
        isActive,
        isVerified,
        lastLoginAt,
        settings,
        metadata,
        createdAt,
        updatedAt,
        version,
        deactivatedAt,
        mergedInto,
        erasedAt);
  }

  /** The same with other data of the host's; for {@link Users#update}. */
  public User withMetadata(Json metadata) {
    return new User(
        id,
        tenantId,
        externalId,
        email,
        username,
        fullName,
        picture,
        role,
        authProvider,
        isActive,
        isVerified,
        lastLoginAt,
        settings,
        metadata,
        createdAt,
        updatedAt,
        version,
        deactivatedAt,
        mergedInto,
        erasedAt);
  }
}
