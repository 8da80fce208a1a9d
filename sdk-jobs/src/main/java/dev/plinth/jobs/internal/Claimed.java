package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A job that this instance has claimed: its lease, and what a run needs of its record. */
record Claimed(
    UUID id,
    int epoch,
    UUID instanceId,
    int attempt,
    int maxAttempts,
    String type,
    int version,
    Json args,
    @Nullable UUID userId,
    @Nullable String tenantId,
    @Nullable UUID batchId,
    @Nullable UUID parentId,
    String queue,
    boolean isLimited,
    @Nullable Duration timeout,
    @Nullable Instant deadline,
    boolean holdsKey) {}
