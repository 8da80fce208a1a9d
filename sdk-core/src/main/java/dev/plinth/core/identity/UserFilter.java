package dev.plinth.core.identity;

import dev.plinth.core.spi.Args;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which users a page shows. Start from {@link #all()} and narrow it; immutable. The tenant is that
 * of the transaction.
 *
 * @param active only those who are active, or only those who are not; null for both
 * @param role only those with this primary role, or null
 * @param createdFrom only those created then or later, or null
 * @param createdBefore only those created earlier, or null
 * @param retired whether those who were merged or erased are shown too
 */
public record UserFilter(
    @Nullable Boolean active,
    @Nullable String role,
    @Nullable Instant createdFrom,
    @Nullable Instant createdBefore,
    boolean retired) {
  private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999Z");
  private static final UserFilter ALL = new UserFilter(null, null, null, null, true);

  /** Checks the arguments. */
  public UserFilter {
    if (role != null) {
      Args.text(role, 50, "role");
    }
    requireStorable(createdFrom, "createdFrom");
    requireStorable(createdBefore, "createdBefore");
  }

  /** Every user of the tenant. */
  public static UserFilter all() {
    return ALL;
  }

  /** The same, only of those who are active or not. */
  public UserFilter withActive(boolean active) {
    return new UserFilter(active, role, createdFrom, createdBefore, retired);
  }

  /** The same, only of those with this primary role. */
  public UserFilter withRole(String role) {
    return new UserFilter(active, Args.text(role, 50, "role"), createdFrom, createdBefore, retired);
  }

  /** The same, only of those created at that instant or later. */
  public UserFilter withCreatedFrom(Instant createdFrom) {
    return new UserFilter(
        active, role, Args.notNull(createdFrom, "createdFrom"), createdBefore, retired);
  }

  /** The same, only of those created before that instant. */
  public UserFilter withCreatedBefore(Instant createdBefore) {
    return new UserFilter(
        active, role, createdFrom, Args.notNull(createdBefore, "createdBefore"), retired);
  }

  /** The same without those who were merged or erased. */
  public UserFilter withoutRetired() {
    return new UserFilter(active, role, createdFrom, createdBefore, false);
  }

  private static void requireStorable(@Nullable Instant time, String name) {
    Args.check(
        time == null || (!time.isBefore(EARLIEST) && !time.isAfter(LATEST)),
        name + " must lie between the years 1 and 9999");
  }
}
