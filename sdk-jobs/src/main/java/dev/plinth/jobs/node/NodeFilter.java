package dev.plinth.jobs.node;

import dev.plinth.core.spi.Args;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes to list; what is null does not matter. Immutable. Each of them uses an index.
 *
 * @param status where they stand
 * @param region their region
 */
public record NodeFilter(@Nullable NodeStatus status, @Nullable String region) {
  private static final NodeFilter ALL = new NodeFilter(null, null);

  /** Checks the arguments. */
  public NodeFilter {
    if (region != null) {
      Args.text(region, 100, "region");
    }
  }

  /** Every node. */
  public static NodeFilter all() {
    return ALL;
  }

  /** The same, standing there. */
  public NodeFilter status(NodeStatus status) {
    return new NodeFilter(Args.notNull(status, "status"), region);
  }

  /** The same, in this region. */
  public NodeFilter region(String region) {
    return new NodeFilter(status, Args.notNull(region, "region"));
  }
}
