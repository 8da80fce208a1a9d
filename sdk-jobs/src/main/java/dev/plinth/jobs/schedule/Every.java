package dev.plinth.jobs.schedule;

import dev.plinth.core.spi.Args;
import java.time.Duration;

/**
 * Due each time an interval has passed, the first time one interval after the schedule is created
 * or resumed. Elapsed time counts, whatever local clocks do; late firings do not shift those that
 * follow.
 *
 * @param interval whole milliseconds, from one second to 3,660 days
 */
public record Every(Duration interval) implements Timing {
  private static final Duration LEAST = Duration.ofSeconds(1);
  private static final Duration MOST = Duration.ofDays(3_660);

  /** Checks the argument. */
  public Every {
    Args.notNull(interval, "interval");
    Args.check(
        interval.compareTo(LEAST) >= 0 && interval.compareTo(MOST) <= 0,
        "interval must be between one second and 3,660 days, but is " + interval);
    Args.check(
        interval.toNanosPart() % 1_000_000 == 0,
        "interval must be whole milliseconds, but is " + interval);
  }
}
