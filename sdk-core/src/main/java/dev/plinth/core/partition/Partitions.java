package dev.plinth.core.partition;

import dev.plinth.core.spi.PartitionedTable;
import java.time.Instant;
import java.util.List;

/**
 * Keeps tables that are partitioned by a UUIDv7 supplied with partitions, and drops old ones whole.
 *
 * <p>The DDL takes its locks with a short {@code lock_timeout} and tries again, so that writers
 * never queue behind it for long. It runs as the schema's owner: through a SECURITY DEFINER
 * function, so an application role needs no right on partitions. Safe for use by many threads and
 * nodes at once.
 *
 * <p>A new partition gets the statement-level triggers of its parent too. PostgreSQL hands down
 * only row-level ones, so a table that refuses TRUNCATE would otherwise lose its rows partition by
 * partition.
 */
public interface Partitions {
  /**
   * Makes what is missing for the current period and those ahead, for every module's tables. Needs
   * no more than the right to execute {@code make_partition}; the tables were registered when
   * migrations ran.
   */
  void ensureAhead();

  /** The partitions of a table, oldest first. */
  List<Partition> list(PartitionedTable table);

  /**
   * Detaches and drops the partitions whose whole range lies before the instant. Cannot run in a
   * transaction or a function, so it takes a connection of its own from the migration DataSource,
   * else from the application's, whose role must then own the tables. Waits for transactions that
   * still look at the table, holding nobody up; what it could not finish it finishes next time.
   *
   * @return the names of those dropped
   */
  List<String> dropBefore(PartitionedTable table, Instant before);
}
