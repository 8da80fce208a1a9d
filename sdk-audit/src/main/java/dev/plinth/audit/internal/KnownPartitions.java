package dev.plinth.audit.internal;

import dev.plinth.audit.MissingPartitionException;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which months of a table exist, remembered: a row that no partition takes would fail the statement
 * and with it the host's transaction. Asks the catalogue only for a month not seen before, on the
 * transaction's own connection.
 */
final class KnownPartitions {
  private static final Pattern BOUNDS =
      Pattern.compile("FOR VALUES FROM \\('([0-9a-f-]{36})'\\) TO \\('([0-9a-f-]{36})'\\)");
  private static final String FIND =
      """
      SELECT pg_get_expr(c.relpartbound, c.oid)
      FROM pg_catalog.pg_inherits i
      JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
      JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
      JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
      WHERE n.nspname = ?
        AND p.relname = ?
        AND NOT i.inhdetachpending
      """;

  private final String schema;
  private final String table;
  private volatile List<Range> known = List.of();

  KnownPartitions(String schema, String table) {
    this.schema = schema;
    this.table = table;
  }

  /** Throws when no partition takes the id. */
  void require(Tx tx, UUID id) {
    if (!take(tx, id)) {
      throw missing(id);
    }
  }

  /** Whether a partition takes the id. */
  boolean take(Tx tx, UUID id) {
    long millis = millis(id);
    if (contains(known, millis)) {
      return true;
    }
    List<Range> found =
        Sql.query(tx.connection(), FIND, row -> Range.of(row.getString(1)), schema, table);
    known = found;
    return contains(found, millis);
  }

  /** What to throw for an id that none takes. */
  MissingPartitionException missing(UUID id) {
    return new MissingPartitionException(
        table,
        id,
        table
            + " has no partition for the id "
            + id
            + " of "
            + UuidV7.instant(id)
            + ": run plinth.partitions().ensureAhead(), or let plinth.start() do so, unless that"
            + " month was dropped on purpose");
  }

  private static boolean contains(List<Range> ranges, long millis) {
    for (Range range : ranges) {
      if (range.from <= millis && millis < range.to) {
        return true;
      }
    }
    return false;
  }

  private static long millis(UUID id) {
    return id.getMostSignificantBits() >>> 16;
  }

  private record Range(long from, long to) {
    static Range of(String bounds) {
      Matcher matcher = BOUNDS.matcher(bounds);
      return matcher.matches()
          ? new Range(
              millis(UUID.fromString(matcher.group(1))), millis(UUID.fromString(matcher.group(2))))
          : new Range(0, 0);
    }
  }
}
