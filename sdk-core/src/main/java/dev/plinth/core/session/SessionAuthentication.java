package dev.plinth.core.session;

import dev.plinth.core.json.Json;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What became of a token that somebody presented. To the caller all but {@link Active} are one and
 * the same: log in again. Only {@link Unknown} is decided without the token being right.
 */
public sealed interface SessionAuthentication {
  /**
   * The session is good.
   *
   * @param sessionId the session
   * @param tenantId the tenant it belongs to, or null
   * @param userId who is logged in
   * @param data the host's own data
   * @param expiresAt when it ends in any case
   * @param version of the data, for {@link Sessions#replaceData}
   */
  record Active(
      UUID sessionId,
      @Nullable String tenantId,
      UUID userId,
      Json data,
      Instant expiresAt,
      long version)
      implements SessionAuthentication {}

  /** Malformed, never begun, regenerated, cleaned away, or of another tenant. */
  record Unknown() implements SessionAuthentication {}

  /**
   * It lay unused for too long, or has lasted its time.
   *
   * @param sessionId the session
   */
  record Expired(UUID sessionId) implements SessionAuthentication {}

  /**
   * Revoked.
   *
   * @param sessionId the session
   */
  record Revoked(UUID sessionId) implements SessionAuthentication {}

  /**
   * Good in itself, but its user is deactivated.
   *
   * @param sessionId the session
   * @param userId the user
   */
  record UserInactive(UUID sessionId, UUID userId) implements SessionAuthentication {}
}
