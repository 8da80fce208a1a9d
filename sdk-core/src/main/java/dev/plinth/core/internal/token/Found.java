package dev.plinth.core.internal.token;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What was read of a token. */
public interface Found {
  /** Whether a token is good now, and why not. */
  enum State {
    /** It is. */
    VALID,
    /** It was ended by hand. */
    REVOKED,
    /** Its time is over. */
    EXPIRED,
    /** It is good in itself, but its user is deactivated. */
    INACTIVE
  }

  /** The row's id. */
  UUID id();

  /** The tenant whose token it is. */
  @Nullable String tenantId();

  /** The hash as it stands in the row. */
  TokenHash hash();

  /** How it was when it was read. */
  State state();

  /**
   * When it was read, by the database's clock, if the token is good and its last use was written
   * long enough ago; else null.
   */
  @Nullable Instant dueAt();

  /** True when the token is good now. */
  default boolean isGood() {
    return state() == State.VALID;
  }

  /** True when whoever works for that tenant, or for none, may see it. */
  default boolean isOf(Optional<String> tenant) {
    return tenant.isEmpty() || tenant.get().equals(tenantId());
  }

  /** The time in a column. */
  static @Nullable Instant time(ResultSet row, int column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  /** The time in a column that is not null. */
  static Instant requiredTime(ResultSet row, int column) throws SQLException {
    return Objects.requireNonNull(time(row, column));
  }
}
