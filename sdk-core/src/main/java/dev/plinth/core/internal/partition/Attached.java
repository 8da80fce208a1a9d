package dev.plinth.core.internal.partition;

import dev.plinth.core.partition.Partition;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads from the catalogue which partitions a table has. */
final class Attached {
  private static final String LIST =
      """
      SELECT c.relname, pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bounds, i.inhdetachpending
      FROM pg_catalog.pg_inherits i
      JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
      JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
      JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
      WHERE n.nspname = ? AND p.relname = ?
      """;

  private static final Pattern BOUNDS =
      Pattern.compile("FOR VALUES FROM \\('([0-9a-f-]{36})'\\) TO \\('([0-9a-f-]{36})'\\)");

  /** A partition, perhaps one that a detach left half-way. */
  record Child(Partition partition, boolean detaching) {}

  private Attached() {}

  /** Oldest first. */
  static List<Child> of(Connection connection, Schema schema, String table) {
    return Sql.query(connection, LIST, Attached::child, schema.name(), table).stream()
        .sorted(Comparator.comparing(child -> child.partition().from()))
        .toList();
  }

  private static Child child(ResultSet row) throws SQLException {
    String name = row.getString("relname");
    String text = row.getString("bounds");
    Matcher bounds = BOUNDS.matcher(text);
    if (!bounds.matches()) {
      throw new IllegalStateException(
          "The partition " + name + " does not hold a range of UUIDs: " + text);
    }
    return new Child(
        new Partition(name, instant(bounds.group(1)), instant(bounds.group(2))),
        row.getBoolean("inhdetachpending"));
  }

  private static Instant instant(String bound) {
    return Instant.ofEpochMilli(UUID.fromString(bound).getMostSignificantBits() >>> 16);
  }
}
