package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.Migration.Compatibility;
import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.DatabaseException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a database says was applied: the rows that Flyway wrote and those the migrations wrote
 * themselves.
 *
 * @param entries of the history tables of all modules, those unknown to this code included
 * @param changes of {@code schema_changes}
 */
record Installed(List<Entry> entries, List<Change> changes) {
  /** A row of a history table. */
  record Entry(
      String module,
      int version,
      String description,
      @Nullable Integer checksum,
      boolean success,
      Duration took) {}

  /** A row of {@code schema_changes}. */
  record Change(
      String module, int version, Compatibility compatibility, Instant appliedAt, String by) {}

  /** All of it. */
  static Installed read(Connection connection, Schema schema, List<Line> lines) {
    return readable(
        connection,
        schema,
        () -> {
          Set<String> tables = tables(connection, schema);
          List<Change> changes = changes(connection, schema, tables);
          Set<String> modules = new HashSet<>();
          lines.forEach(line -> modules.add(line.module()));
          changes.forEach(change -> modules.add(change.module()));
          List<Entry> entries = new ArrayList<>();
          for (String module : modules) {
            if (tables.contains(Line.historyTable(module))) {
              entries.addAll(entries(connection, schema, module));
            }
          }
          entries.sort(Comparator.comparing(Entry::module).thenComparing(Entry::version));
          return new Installed(entries, changes);
        });
  }

  /** Only what migrations wrote themselves: all that an application role needs to see. */
  static List<Change> changes(Connection connection, Schema schema) {
    return readable(
        connection, schema, () -> changes(connection, schema, tables(connection, schema)));
  }

  boolean isApplied(Script script) {
    return entry(script.module(), script.version()).filter(Entry::success).isPresent();
  }

  Optional<Entry> entry(String module, int version) {
    return entries.stream()
        .filter(entry -> entry.module().equals(module) && entry.version() == version)
        .findFirst();
  }

  /** The highest version of a module that stands, 0 when none does. */
  int version(String module) {
    return entries.stream()
        .filter(entry -> entry.module().equals(module) && entry.success())
        .mapToInt(Entry::version)
        .max()
        .orElse(0);
  }

  private static List<Change> changes(Connection connection, Schema schema, Set<String> tables) {
    if (!tables.contains("schema_changes")) {
      return List.of();
    }
    return Sql.query(
        connection,
        schema.render(
            """
            SELECT module, version, compatibility, applied_at, applied_by
            FROM {schema}.schema_changes
            ORDER BY applied_at, module, version
            """),
        row ->
            new Change(
                row.getString("module"),
                row.getInt("version"),
                Compatibility.valueOf(row.getString("compatibility").toUpperCase(Locale.ROOT)),
                instant(row),
                row.getString("applied_by")));
  }

  private static Instant instant(ResultSet row) throws SQLException {
    return row.getObject("applied_at", java.time.OffsetDateTime.class).toInstant();
  }

  private static List<Entry> entries(Connection connection, Schema schema, String module) {
    return Sql.query(
        connection,
        """
        SELECT version::integer, description, checksum, success, execution_time
        FROM %s
        WHERE type = 'SQL' AND version ~ '^[0-9]{1,9}$'
        ORDER BY installed_rank
        """
            .formatted(Line.quotedHistory(schema, module)),
        row ->
            new Entry(
                module,
                row.getInt("version"),
                row.getString("description"),
                row.getObject("checksum", Integer.class),
                row.getBoolean("success"),
                Duration.ofMillis(row.getInt("execution_time"))));
  }

  /** From the catalogue, which every role may read. */
  private static Set<String> tables(Connection connection, Schema schema) {
    return new HashSet<>(
        Sql.query(
            connection,
            """
            SELECT c.relname
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relkind = 'r'
              AND (c.relname = 'schema_changes' OR c.relname LIKE 'flyway\\_history\\_%')
            """,
            row -> row.getString(1),
            schema.name()));
  }

  private static <T> T readable(Connection connection, Schema schema, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (DatabaseException e) {
      if (SqlStates.of(e).filter("42501"::equals).isPresent()) {
        String role = Sql.query(connection, "SELECT current_user", row -> row.getString(1)).get(0);
        throw new MigrationException(
            "The role "
                + role
                + " may not read what was applied to the schema "
                + schema.name()
                + ": have the schema's owner run the statements of"
                + " plinth.migrations().grants(\""
                + role
                + "\"), or give a migrationDataSource of the owner",
            e);
      }
      throw e;
    }
  }
}
