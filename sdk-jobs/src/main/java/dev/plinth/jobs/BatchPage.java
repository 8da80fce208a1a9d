package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a list that begins with the newest batch.
 *
 * @param before the last id of the page before, or null for the first page
 * @param limit at most this many, from 1 to 1,000
 */
public record BatchPage(@Nullable BatchId before, int limit) {
  /** Checks the arguments. */
  public BatchPage {
    Args.range(limit, 1, 1000, "limit");
  }

  /** The newest ones. */
  public static BatchPage first(int limit) {
    return new BatchPage(null, limit);
  }

  /** Those that follow on a batch, of the same number. */
  public BatchPage after(BatchId last) {
    return new BatchPage(Args.notNull(last, "last"), limit);
  }
}
