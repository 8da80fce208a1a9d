package dev.plinth.jobs;

import java.time.Duration;
import java.util.List;

/**
 * A queue that holds jobs, or in which some ended within the last hour.
 *
 * @param queue its name
 * @param depth where the jobs stand that have not ended
 * @param oldestDue how long ago the first in line was due: of one that was retried or given back,
 *     when it was due for the first time; zero when none is due
 * @param lastMinute what ended since the minute before this one began
 * @param lastHour what ended within the sixty minutes before this one, and in this one
 * @param types the same by type, in the order of their names
 */
public record QueueStatistics(
    String queue,
    Depth depth,
    Duration oldestDue,
    Throughput lastMinute,
    Throughput lastHour,
    List<TypeStatistics> types) {
  /** Copies the list. */
  public QueueStatistics {
    types = List.copyOf(types);
  }
}
