package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a list that begins with the newest job.
 *
 * @param before the last id of the page before, or null for the first page
 * @param limit at most this many, from 1 to 1,000
 */
public record Page(@Nullable JobId before, int limit) {
  /** Checks the arguments. */
  public Page {
    Args.range(limit, 1, 1000, "limit");
  }

  /** The newest ones. */
  public static Page first(int limit) {
    return new Page(null, limit);
  }

  /** Those that follow on a job, of the same number. */
  public Page after(JobId last) {
    return new Page(Args.notNull(last, "last"), limit);
  }
}
