package dev.plinth.core.presence;

import java.time.Instant;

/**
 * That a user is there.
 *
 * @param connections how many live connections the user has; at least one
 * @param lastSeenAt the last sign of life of any of them that the database knows of
 */
public record Presence(int connections, Instant lastSeenAt) {}
