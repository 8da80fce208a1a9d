package dev.plinth.core.migration;

import java.time.Duration;
import java.time.Instant;

/**
 * One migration that was applied.
 *
 * @param module the module it belongs to
 * @param version its number in the module's line
 * @param description what it does, in a few words
 * @param appliedAt when, by the database's clock
 * @param appliedBy the database role that did it
 * @param took how long it ran
 */
public record AppliedMigration(
    String module,
    int version,
    String description,
    Instant appliedAt,
    String appliedBy,
    Duration took) {}
