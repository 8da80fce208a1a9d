package dev.plinth.core.config;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a setting is, and since when. Immutable.
 *
 * @param value the value in force
 * @param version counts changes, for optimistic locking; 0 when it was never set
 * @param isDefault true when nothing is set, or what is set cannot be used
 * @param updatedBy the user who last changed it, or null
 * @param updatedAt when it was last changed, or null when never
 * @param problem why what is set cannot be used, or null when it can
 */
public record SettingValue<T>(
    T value,
    long version,
    boolean isDefault,
    @Nullable UUID updatedBy,
    @Nullable Instant updatedAt,
    @Nullable String problem) {}
