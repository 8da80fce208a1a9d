package dev.plinth.core.internal.token;

import java.time.Instant;
import java.util.UUID;

/** What was read of a token. */
public interface Found {
  /** The row's id. */
  UUID id();

  /** The hash as it stands in the row. */
  TokenHash hash();

  /** When it was read, by the database's clock. */
  Instant readAt();

  /** True when the token is good now. */
  boolean isGood();

  /** True when the token is good and its last use was written long enough ago. */
  boolean isDue();
}
