package dev.plinth.jobs;

import java.util.List;

/**
 * What was removed because it was old.
 *
 * @param partitions the partitions that were dropped, of jobs and of what goes with them
 * @param jobs how many jobs were deleted by the row
 * @param left partitions that are old enough, but hold jobs that are not
 */
public record Pruned(List<String> partitions, long jobs, List<String> left) {
  /** Copies the lists. */
  public Pruned {
    partitions = List.copyOf(partitions);
    left = List.copyOf(left);
  }
}
