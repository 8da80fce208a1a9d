package dev.plinth.core.internal.token;

import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What was read of a token. */
public interface Found {
  /** The row's id. */
  UUID id();

  /** The hash as it stands in the row. */
  TokenHash hash();

  /** True when the token is good now. */
  boolean isGood();

  /**
   * When it was read, by the database's clock, if the token is good and its last use was written
   * long enough ago; else null.
   */
  @Nullable OffsetDateTime dueAt();
}
