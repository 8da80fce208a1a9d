package dev.plinth.jobs.internal;

import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.OnFailure;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Ties new jobs to those that they wait for, and sees to it that somebody looks. */
final class Links {
  private final GraphRows rows;
  private final Unblock unblock;
  private final Hints hints;

  Links(GraphRows rows, Unblock unblock, Hints hints) {
    this.rows = rows;
    this.unblock = unblock;
    this.hints = hints;
  }

  /** All of these jobs wait for all of those parents, which may be ending at this moment. */
  void outside(Tx tx, List<JobId> jobs, Map<JobId, OnFailure> parents) {
    List<GraphRows.Edge> edges = new ArrayList<>();
    for (JobId job : jobs) {
      parents.forEach(
          (parent, onFailure) ->
              edges.add(new GraphRows.Edge(job.value(), parent.value(), onFailure)));
    }
    Set<UUID> signalled = new LinkedHashSet<>();
    edges.forEach(edge -> signalled.add(edge.job()));
    write(tx, edges, signalled);
  }

  /**
   * Writes edges.
   *
   * @param signalled the jobs that wait for some which this transaction did not enqueue; others
   *     cannot be ending yet, and will see the edges when they do
   */
  void write(Tx tx, List<GraphRows.Edge> edges, Set<UUID> signalled) {
    if (!edges.isEmpty()) {
      rows.link(tx, edges);
      rows.signal(tx, signalled);
      tx.afterCommit(() -> unblock.used(true));
      hints.anything(tx);
    }
  }
}
