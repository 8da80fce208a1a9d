package dev.plinth.core.internal.migration;

import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The rows of {@code partitioned_tables} that a module needs: without one, an application role
 * cannot have partitions made. They come before the module's scripts, so that a migration which
 * ends half-way never leaves a table without its row. Names and periods are safe to be quoted.
 */
final class Registration {
  private final Schema schema;

  Registration(Schema schema) {
    this.schema = schema;
  }

  /** The statement that registers a module's tables; empty when it has none. */
  String enter(Line line) {
    if (line.partitioned().isEmpty()) {
      return "";
    }
    return """
    INSERT INTO %s.partitioned_tables AS t (name, period) VALUES %s
      ON CONFLICT (name) DO UPDATE SET period = excluded.period WHERE t.period <> excluded.period;
    """
        .formatted(
            schema.quoted(),
            line.partitioned().stream()
                .map(table -> "('" + table.table() + "', '" + period(table) + "')")
                .collect(Collectors.joining(", ")));
  }

  /** The statement that forgets those of a module's tables which an undo has dropped. */
  String leave(Line line) {
    if (line.partitioned().isEmpty()) {
      return "";
    }
    return """
    DELETE FROM %s.partitioned_tables
      WHERE name IN (%s) AND pg_catalog.to_regclass('%s.' || name) IS NULL;
    """
        .formatted(
            schema.quoted(),
            line.partitioned().stream()
                .map(table -> "'" + table.table() + "'")
                .collect(Collectors.joining(", ")),
            schema.quoted().replace("'", "''"));
  }

  void enter(Connection connection, Line line) {
    String statement = enter(line);
    if (!statement.isEmpty()) {
      Sql.execute(connection, statement);
    }
  }

  /** What is not registered, in a schema that lacks no migration. */
  List<String> missing(Connection connection, List<Line> lines) {
    Set<String> registered =
        Set.copyOf(
            Sql.query(
                connection,
                schema.render("SELECT name FROM {schema}.partitioned_tables"),
                row -> row.getString(1)));
    return lines.stream()
        .flatMap(line -> line.partitioned().stream())
        .map(PartitionedTable::table)
        .filter(table -> !registered.contains(table))
        .map(
            table ->
                "partitioned_tables lacks "
                    + table
                    + ", so that it can have no new partitions: run plinth.migrations().migrate() as"
                    + " the schema's owner")
        .toList();
  }

  private static String period(PartitionedTable table) {
    return switch (table.period()) {
      case DAY -> "day";
      case MONTH -> "month";
    };
  }
}
