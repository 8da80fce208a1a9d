package dev.plinth.jobs.schedule;

import dev.plinth.core.spi.Args;

/**
 * What becomes of due times that passed while no node was there to fire them. A due time is missed
 * when it is fired neither within a minute nor within two poll intervals of the node that finds it,
 * or when a later one has come before it was fired.
 */
public sealed interface Missed {
  /** Missed ones never run. */
  static Missed skip() {
    return new Skip();
  }

  /** However many were missed, the latest one runs. */
  static Missed one() {
    return new One();
  }

  /**
   * The latest ones run, each as a job of its own, in their order.
   *
   * @param limit how many at most, from 1 to 1,000
   */
  static Missed upTo(int limit) {
    return new UpTo(limit);
  }

  /** See {@link Missed#skip()}. */
  record Skip() implements Missed {}

  /** See {@link Missed#one()}. */
  record One() implements Missed {}

  /**
   * See {@link Missed#upTo(int)}.
   *
   * @param limit how many at most, from 1 to 1,000
   */
  record UpTo(int limit) implements Missed {
    /** Checks the argument. */
    public UpTo {
      Args.range(limit, 1, 1_000, "limit");
    }
  }
}
