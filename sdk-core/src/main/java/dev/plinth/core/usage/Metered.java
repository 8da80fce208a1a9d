package dev.plinth.core.usage;

import dev.plinth.core.spi.Args;

/** What a {@link UsageMeter} says to an amount. */
public sealed interface Metered {
  /** All of it was counted. */
  record Granted() implements Metered {}

  /**
   * It is more than the user may use; what was left of that is used up.
   *
   * @param why in words, for people
   */
  record Refused(String why) implements Metered {
    /** Checks the argument. */
    public Refused {
      Args.notNull(why, "why");
    }
  }
}
