package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.time.Duration;

/**
 * How long jobs are kept after they have ended. Immutable.
 *
 * <p>By default whole partitions are dropped, a month of jobs at a time: no job goes before its
 * time, most go within a month after it. That costs nothing that readers or writers notice, however
 * many jobs there are, but needs a connection of the schema's owner: the migration DataSource, else
 * the application's own. A partition with jobs that have not ended, or have ended too recently,
 * stays until they may go too; when it is a month overdue, its other jobs are deleted by the row.
 * So they are, too, where the role does not own the tables.
 *
 * @param keep how long, from a job's end on; at least an hour
 * @param exact whether jobs are deleted by the row as soon as their time has come, which costs
 *     PostgreSQL a delete and a vacuum for each
 */
public record Retention(Duration keep, boolean exact) {
  /** Checks the arguments. */
  public Retention {
    Args.check(
        Args.notNull(keep, "keep").compareTo(Duration.ofHours(1)) >= 0,
        "keep must be at least an hour, but is " + keep);
    Args.check(
        keep.compareTo(Duration.ofDays(36_525)) <= 0, "keep must be at most a hundred years");
  }

  /** At least this long; they go by partitions. */
  public static Retention keep(Duration keep) {
    return new Retention(keep, false);
  }

  /** The same, but no longer than this, as far as the work is done every few hours. */
  public Retention exactly() {
    return new Retention(keep, true);
  }
}
