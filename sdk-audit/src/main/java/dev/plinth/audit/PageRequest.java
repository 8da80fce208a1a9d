package dev.plinth.audit;

import dev.plinth.core.spi.Args;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which part of a long answer is wanted. Answers begin with the newest.
 *
 * @param limit how many at most; 1 to 1,000
 * @param after the id of the last one already seen, or null to begin
 */
public record PageRequest(int limit, @Nullable UUID after) {
  /** Checks the arguments. */
  public PageRequest {
    Args.range(limit, 1, 1000, "limit");
  }

  /** The first so many. */
  public static PageRequest first(int limit) {
    return new PageRequest(limit, null);
  }

  /** The same number, after this one. */
  public PageRequest after(UUID id) {
    return new PageRequest(limit, Args.notNull(id, "after"));
  }
}
