package dev.plinth.core.config;

import dev.plinth.core.json.Json;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code system_configuration_history}. Immutable.
 *
 * @param name the setting
 * @param version the setting's version after the change
 * @param oldValue before, or null when it had its default
 * @param newValue after, or null when it was given back its default
 * @param changedBy the user who changed it, or null
 * @param reason why, or null
 * @param changedAt when
 */
public record SettingChange(
    String name,
    long version,
    @Nullable Json oldValue,
    @Nullable Json newValue,
    @Nullable UUID changedBy,
    @Nullable String reason,
    Instant changedAt) {}
