package dev.plinth.core.config;

import dev.plinth.core.spi.Args;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who changes a setting, and why: what its history will tell. Immutable.
 *
 * @param by the user who changes it, or null when nobody in particular
 * @param reason in their words, at most 1,000 characters, or null
 */
public record Change(@Nullable UUID by, @Nullable String reason) {
  /** Checks the reason. */
  public Change {
    if (reason != null) {
      Args.text(reason, 1000, "reason");
    }
  }

  /** By a user. */
  public static Change by(UUID userId) {
    return new Change(Args.notNull(userId, "userId"), null);
  }

  /** By the host itself. */
  public static Change byTheHost() {
    return new Change(null, null);
  }

  /** The same, for a reason. */
  public Change because(String reason) {
    return new Change(by, Args.notNull(reason, "reason"));
  }
}
