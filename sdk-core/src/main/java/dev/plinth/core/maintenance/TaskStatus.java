package dev.plinth.core.maintenance;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a maintenance task.
 *
 * @param name its name
 * @param lastStartedAt when it last began, or null
 * @param lastFinishedAt when it last ended, well or not, or null
 * @param lastError the last run's error, cut to a bound; null when that run went well
 * @param holder the instance that is running it, or null
 */
public record TaskStatus(
    String name,
    @Nullable Instant lastStartedAt,
    @Nullable Instant lastFinishedAt,
    @Nullable String lastError,
    @Nullable UUID holder) {}
