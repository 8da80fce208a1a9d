package dev.plinth.core.session;

import dev.plinth.core.json.Json;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code sessions}, without the token's hash. Immutable.
 *
 * @param id its id, a UUIDv7; no secret
 * @param tenantId the tenant it belongs to, or null
 * @param userId who is logged in
 * @param data the host's own data, a JSON object
 * @param deviceType such as {@code browser}, or null
 * @param deviceName what people call the device, or null
 * @param address where it was begun from, or null
 * @param createdAt when it began
 * @param lastActivityAt when it was last used, behind by a tenth of the idle timeout at most
 * @param idleTimeout how long it may lie unused
 * @param idleExpiresAt when it ends if it is not used
 * @param expiresAt when it ends in any case
 * @param isActive false once revoked
 * @param endedAt when it was revoked, or null
 * @param version counts changes of the data, for optimistic locking
 */
public record Session(
    UUID id,
    @Nullable String tenantId,
    UUID userId,
    Json data,
    @Nullable String deviceType,
    @Nullable String deviceName,
    @Nullable InetAddress address,
    Instant createdAt,
    Instant lastActivityAt,
    Duration idleTimeout,
    Instant idleExpiresAt,
    Instant expiresAt,
    boolean isActive,
    @Nullable Instant endedAt,
    long version) {}
