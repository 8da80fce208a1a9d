package dev.plinth.core.read;

import dev.plinth.core.spi.Args;
import java.time.Duration;

/**
 * What becomes of a read when the replica has not replayed what it asks for, cannot be judged, or
 * does not answer. The wait holds no connection.
 */
public sealed interface WhenBehind {
  /** Beyond this a caller is better served by the primary. */
  Duration LONGEST = Duration.ofMinutes(5);

  /** How long it waits for the replica; zero does not wait. At most five minutes. */
  Duration after();

  /**
   * Goes to the primary after the wait, or at once where waiting cannot help: the answer is as
   * fresh as asked for, and the primary bears the load.
   */
  record FallBackToPrimary(Duration after) implements WhenBehind {
    /** Checks the argument. */
    public FallBackToPrimary {
      check(after);
    }
  }

  /**
   * Fails with a {@link ReplicaBehindException} after the wait, or at once where waiting cannot
   * help: the primary is spared whatever happens.
   */
  record Fail(Duration after) implements WhenBehind {
    /** Checks the argument. */
    public Fail {
      check(after);
    }
  }

  private static void check(Duration after) {
    Args.notNull(after, "after");
    Args.check(
        !after.isNegative() && after.compareTo(LONGEST) <= 0,
        "after must be between zero and " + LONGEST + ", but is " + after);
  }
}
