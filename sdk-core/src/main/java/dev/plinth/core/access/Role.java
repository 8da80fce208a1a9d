package dev.plinth.core.access;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One row of {@code roles}. Immutable.
 *
 * @param name the role's name, which never changes
 * @param description for people, or null
 * @param isBuiltIn true for {@code user} and {@code superuser}, which cannot be dropped
 * @param createdAt when it was defined
 * @param updatedAt when its description last changed
 */
public record Role(
    String name,
    @Nullable String description,
    boolean isBuiltIn,
    Instant createdAt,
    Instant updatedAt) {
  /** What a user is unless told otherwise. Permits nothing by itself. */
  public static final String USER = "user";

  /** Whoever has it, or a role that inherits from it, may do everything. */
  public static final String SUPERUSER = "superuser";
}
