package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Computes what an application role needs: of the objects that the migrations say they create,
 * those that the catalogue has. A host's own tables in the same schema are left alone, and so are
 * partitions, which are reached through their parent.
 */
final class Grants {
  private static final String FREELY = "SELECT, INSERT, UPDATE, DELETE";
  private static final Pattern CREATED =
      Pattern.compile(
          "CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:UNLOGGED\\s+|MATERIALIZED\\s+)?"
              + "(?:TABLE|VIEW|SEQUENCE|FUNCTION|PROCEDURE)\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?"
              + "\\$\\{schema\\}\\.\"?(\\w+)",
          Pattern.CASE_INSENSITIVE);

  private final Schema schema;
  private final Set<String> created = new TreeSet<>();
  private final Map<String, String> rights = new HashMap<>();

  Grants(Schema schema, List<Line> lines) {
    this.schema = schema;
    created.addAll(created(lines));
    for (Line line : lines) {
      created.add(line.historyTable());
      rights.put(line.historyTable(), "SELECT");
      for (Script script : line.scripts()) {
        rights.putAll(script.header().rights());
      }
    }
  }

  /** The names of what the migrations say they create. */
  static Set<String> created(List<Line> lines) {
    Set<String> created = new TreeSet<>();
    for (Line line : lines) {
      for (Script script : line.scripts()) {
        Matcher names = CREATED.matcher(script.text());
        while (names.find()) {
          created.add(names.group(1));
        }
      }
    }
    return created;
  }

  List<String> to(Connection connection, String role) {
    String[] names = created.toArray(String[]::new);
    List<String> grants = new ArrayList<>();
    grants.add(grant("USAGE", "SCHEMA " + schema.quoted(), role));
    List<String> tables =
        Sql.query(connection, TABLES, row -> row.getString(1), schema.name(), names);
    if (tables.isEmpty()) {
      throw new MigrationException(
          "The schema "
              + schema.name()
              + " has no table of Plinth's yet: run plinth.migrations().migrate() first",
          null);
    }
    for (String table : tables) {
      String right = rights.getOrDefault(table, FREELY);
      if (!right.equals("NOTHING")) {
        grants.add(grant(right, schema.quoted() + "." + quoted(table), role));
      }
    }
    for (String view :
        Sql.query(connection, VIEWS, row -> row.getString(1), schema.name(), names)) {
      grants.add(grant("SELECT", schema.quoted() + "." + quoted(view), role));
    }
    Sql.query(connection, SEQUENCES, row -> row.getString(1), schema.name(), names)
        .forEach(sequence -> grants.add(grant("USAGE", "SEQUENCE " + sequence, role)));
    Sql.query(connection, ROUTINES, row -> row.getString(1), schema.name(), names)
        .forEach(routine -> grants.add(grant("EXECUTE", routine, role)));
    return List.copyOf(grants);
  }

  private static String grant(String right, String object, String role) {
    return "GRANT " + right + " ON " + object + " TO " + quoted(role);
  }

  private static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  private static final String TABLES =
      """
      SELECT c.relname
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relname = ANY (?)
        AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      ORDER BY c.relname
      """;

  private static final String VIEWS =
      """
      SELECT c.relname
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relname = ANY (?) AND c.relkind IN ('v', 'm')
      ORDER BY c.relname
      """;

  /** Sequences of identity columns need no right; those of serial columns and free ones do. */
  private static final String SEQUENCES =
      """
      SELECT format('%I.%I', n.nspname, c.relname)
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
      LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
      WHERE n.nspname = ? AND coalesce(t.relname, c.relname) = ANY (?)
        AND c.relkind = 'S' AND d.deptype IS DISTINCT FROM 'i'
      ORDER BY c.relname
      """;

  private static final String ROUTINES =
      """
      SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END
        || format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
      FROM pg_catalog.pg_proc p
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname = ? AND p.proname = ANY (?)
        AND p.prokind IN ('f', 'p') AND p.prorettype <> 'trigger'::regtype
      ORDER BY 1
      """;
}
