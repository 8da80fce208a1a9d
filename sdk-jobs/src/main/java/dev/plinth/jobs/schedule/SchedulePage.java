package dev.plinth.jobs.schedule;

import dev.plinth.core.spi.Args;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a list that is ordered by name.
 *
 * @param after the last name of the page before, or null for the first page
 * @param limit at most this many, from 1 to 1,000
 */
public record SchedulePage(@Nullable String after, int limit) {
  /** Checks the arguments. */
  public SchedulePage {
    if (after != null) {
      Args.text(after, 255, "after");
    }
    Args.range(limit, 1, 1000, "limit");
  }

  /** The first ones. */
  public static SchedulePage first(int limit) {
    return new SchedulePage(null, limit);
  }

  /** Those that follow on a name, of the same number. */
  public SchedulePage after(String last) {
    return new SchedulePage(Args.notNull(last, "last"), limit);
  }
}
