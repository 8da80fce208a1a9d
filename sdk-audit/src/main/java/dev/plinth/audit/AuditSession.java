package dev.plinth.audit;

import dev.plinth.core.json.Json;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A session as the trail knows it.
 *
 * @param id its id; actions name it
 * @param tenant the tenant it belongs to, or null
 * @param userId whose it is
 * @param clientIp the client's address, or null
 * @param userAgent the client's program, or null
 * @param metadata more about it, a JSON object
 * @param openedAt when it was opened, by the database's clock
 * @param touchedAt when it was last touched, or null when never
 * @param endedAt when it first ended, or null while it lasts
 * @param endReason why it ended, or null
 */
public record AuditSession(
    UUID id,
    @Nullable String tenant,
    UUID userId,
    @Nullable String clientIp,
    @Nullable String userAgent,
    Json metadata,
    Instant openedAt,
    @Nullable Instant touchedAt,
    @Nullable Instant endedAt,
    @Nullable String endReason) {}
