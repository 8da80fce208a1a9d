package dev.plinth.core.presence;

import dev.plinth.core.json.Json;
import java.net.InetAddress;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code websocket_connections}.
 *
 * @param id UUIDv7
 * @param tenantId the tenant it belongs to, or null
 * @param userId who is connected
 * @param sessionId the session it was opened with, or null
 * @param instanceId the instance that holds it
 * @param ipAddress where it comes from, or null
 * @param userAgent the client, as it calls itself, or null
 * @param metadata the host's own data
 * @param connectedAt when it was registered
 * @param lastSeenAt its last sign of life that the database knows of
 * @param expiresAt until when it is believed open
 */
public record LiveConnection(
    UUID id,
    @Nullable String tenantId,
    UUID userId,
    @Nullable UUID sessionId,
    UUID instanceId,
    @Nullable InetAddress ipAddress,
    @Nullable String userAgent,
    Json metadata,
    Instant connectedAt,
    Instant lastSeenAt,
    Instant expiresAt) {}
