package dev.plinth.core.spi;

import java.util.regex.Pattern;

/**
 * A table partitioned by ranges of its UUIDv7 key, which core keeps supplied with partitions.
 *
 * @param table the table's plain name inside Plinth's schema
 * @param period how much time one partition holds
 * @param ahead how many periods beyond the current one are made in advance; at least 1
 */
public record PartitionedTable(String table, Period period, int ahead) {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,39}");

  /** How much time one partition holds, in UTC. */
  public enum Period {
    /** A calendar day. */
    DAY,
    /** A calendar month. */
    MONTH
  }

  /** Checks the arguments. */
  public PartitionedTable {
    Args.matching(table, NAME, "a plain table name of at most 40 lower-case characters", "table");
    Args.notNull(period, "period");
    Args.range(ahead, 1, 366, "ahead");
  }
}
