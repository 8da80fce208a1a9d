package dev.plinth.core.access;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A role that a user has: one row of {@code user_roles}. Immutable.
 *
 * @param role its name
 * @param isPrimary true for the one that stands in {@code users.role}
 * @param grantedBy the user who granted it, or null when nobody in particular
 * @param grantedAt since when
 */
public record GrantedRole(
    String role, boolean isPrimary, @Nullable UUID grantedBy, Instant grantedAt) {}
