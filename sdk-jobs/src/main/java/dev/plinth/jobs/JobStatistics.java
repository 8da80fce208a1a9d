package dev.plinth.jobs;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How it goes with the jobs of the whole installation, whatever their tenant, at one moment.
 *
 * <p>What has ended is told by counters, exactly. What has not is counted in the small tables that
 * hold it, up to a bound: ten thousand ready jobs in each queue, ten thousand that are delayed and
 * as many that wait for others, or for a limit, in all. Neither looks at the record of jobs, but
 * for the first in each line.
 *
 * @param at the moment, by the database's clock
 * @param queues in the order of their names
 * @param nodes instances that run jobs or hold some
 */
public record JobStatistics(Instant at, List<QueueStatistics> queues, List<NodeStatistics> nodes) {
  /** Copies the lists. */
  public JobStatistics {
    queues = List.copyOf(queues);
    nodes = List.copyOf(nodes);
  }

  /** A queue by its name; empty when there is nothing to tell of it. */
  public Optional<QueueStatistics> queue(String name) {
    return queues.stream().filter(queue -> queue.queue().equals(name)).findFirst();
  }
}
