package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.time.Duration;

/** How long one attempt may take: {@link #none()} or {@link #of(Duration)}. */
public sealed interface Timeout {
  /** As long as it likes. */
  static Timeout none() {
    return new None();
  }

  /**
   * At most this long, from a millisecond to a year; an attempt that takes longer is interrupted
   * and has failed.
   */
  static Timeout of(Duration limit) {
    return new Of(limit);
  }

  /** No limit. */
  record None() implements Timeout {}

  /**
   * A limit.
   *
   * @param limit from the moment the handler begins, by this process's monotonic clock
   */
  record Of(Duration limit) implements Timeout {
    /** Checks the argument. */
    public Of {
      Args.positive(limit, "limit");
      Args.check(
          limit.compareTo(Duration.ofDays(366)) <= 0 && limit.compareTo(Duration.ofMillis(1)) >= 0,
          "limit must be from a millisecond to a year, but is " + limit);
    }
  }
}
