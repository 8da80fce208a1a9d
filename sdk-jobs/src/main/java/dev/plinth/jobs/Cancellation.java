package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Why a job is cancelled, and by whom. Immutable; start from {@link #unexplained()} or {@link
 * #because}.
 *
 * @param reason in words, at most 1,000 characters, or null
 * @param by the user who asked for it, not checked; or null
 */
public record Cancellation(@Nullable String reason, @Nullable UUID by) {
  private static final Cancellation UNEXPLAINED = new Cancellation(null, null);

  /** Checks the arguments. */
  public Cancellation {
    if (reason != null) {
      Args.text(reason, 1000, "reason");
    }
  }

  /** Without a reason. */
  public static Cancellation unexplained() {
    return UNEXPLAINED;
  }

  /** For a reason. */
  public static Cancellation because(String reason) {
    return new Cancellation(Args.notNull(reason, "reason"), null);
  }

  /** The same, asked for by a user. */
  public Cancellation by(UUID user) {
    return new Cancellation(reason, Args.notNull(user, "user"));
  }

  /** What the job's record says of it. */
  @Override
  public String toString() {
    return reason == null ? "Cancelled" : "Cancelled: " + reason;
  }
}
