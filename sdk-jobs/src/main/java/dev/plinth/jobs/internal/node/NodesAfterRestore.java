package dev.plinth.jobs.internal.node;

import dev.plinth.core.spi.Restoring;

/**
 * Nodes in a restored database: who was heard of lately will be heard of again, or found silent.
 */
public final class NodesAfterRestore {
  private static final String RAISE =
      """
      UPDATE {schema}.nodes
      SET version = version + ?,
          instance_id = NULL
      """;

  private NodesAfterRestore() {}

  /** Makes versions differ from those of the lost time, and ids ascend beyond them. */
  public static void run(Restoring restoring) {
    restoring.change("nodes made safe", RAISE, Restoring.FENCES_SKIPPED);
    restoring.moveOn("node_lifecycle_logs", "id");
  }
}
