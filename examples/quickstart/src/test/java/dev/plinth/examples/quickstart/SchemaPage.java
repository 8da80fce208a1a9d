package dev.plinth.examples.quickstart;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.FeatureModule;
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
 * The page {@code docs/schema.md}: what the migrations of all modules make, as the catalogues tell
 * it. Says nothing that differs between the supported versions of PostgreSQL, such as the text of a
 * view, or between machines.
 */
final class SchemaPage {
  private static final String ROLE = "app";
  private static final Pattern CREATED =
      Pattern.compile("CREATE (?:TABLE|VIEW|FUNCTION) \"plinth\"\\.\"?(\\w+)");
  private static final Pattern GRANT =
      Pattern.compile("GRANT (.+) ON \"plinth\"\\.\"(\\w+)\" TO \"" + ROLE + "\"");

  private final Plinth plinth;
  private final Connection connection;
  private final Map<String, String> rights = new HashMap<>();
  private final StringBuilder page = new StringBuilder();

  SchemaPage(Plinth plinth, Connection connection) {
    this.plinth = plinth;
    this.connection = connection;
    for (String grant : plinth.migrations().grants(ROLE)) {
      Matcher matcher = GRANT.matcher(grant);
      if (matcher.matches()) {
        rights.put(matcher.group(2), matcher.group(1));
      }
    }
  }

  String text() {
    line("# Schema");
    line("");
    line(
        "Every table, view and function of Plinth's, as the catalogues of a migrated database"
            + " describe it, with the");
    line(
        "comments that stand there too (`\\d+ plinth.users`). Written by `SchemaPageTest`; do not"
            + " edit it by hand.");
    line("");
    line(
        "Beside these there is one `flyway_history_<module>` per module. The rights are those that"
            + " `grants(role)` gives to an");
    line("application's role; partitions are reached through their parent and have none.");
    for (FeatureModule module : plinth.modules()) {
      module(module);
    }
    return page.toString();
  }

  private void module(FeatureModule module) {
    Set<String> names = new TreeSet<>();
    Matcher matcher =
        CREATED.matcher(plinth.migrations().sql(module.name(), 0, module.migrations().size()));
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    line("");
    line("## " + module.name());
    for (String name : names) {
      query(RELATION, name).forEach(row -> relation(name, row));
    }
    for (String name : names) {
      query(FUNCTION, name).forEach(this::function);
    }
  }

  private void relation(String name, String[] row) {
    boolean view = row[0].equals("v");
    line("");
    line("### " + (view ? "View " : "") + "`" + name + "`");
    line("");
    line(row[1] + ".");
    line("");
    line(view ? "| column | type | meaning |" : "| column | type | null | default | meaning |");
    line(view ? "|---|---|---|" : "|---|---|---|---|---|");
    for (String[] column : query(COLUMNS, name)) {
      line(
          view
              ? "| `%s` | %s | %s |".formatted(column[0], column[1], cell(column[4]))
              : "| `%s` | %s | %s | %s | %s |"
                  .formatted(
                      column[0], column[1], column[2], code(cell(column[3])), cell(column[4])));
    }
    line("");
    if (!row[2].isEmpty()) {
      line("- partitioned by `" + row[2] + "`");
    }
    if (!row[3].isEmpty()) {
      line("- storage: `" + row[3] + "`");
    }
    for (String sql : List.of(CONSTRAINTS, INDEXES, TRIGGERS)) {
      query(sql, name).forEach(fact -> line("- " + fact[0] + ": `" + fact[1] + "`"));
    }
    line("- an application's role may: " + rights.getOrDefault(name, "nothing"));
  }

  private void function(String[] row) {
    line("");
    line("### Function `" + row[0] + "`");
    line("");
    line(row[1] + ".");
    line("");
    line("Returns `" + row[2] + "`; runs with the rights of " + row[3] + ".");
  }

  private void line(String text) {
    page.append(text).append('\n');
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }

  private static String code(String text) {
    return text.isEmpty() ? "" : "`" + text + "`";
  }

  private List<String[]> query(String sql, String name) {
    return new ArrayList<>(
        Sql.query(
            connection,
            sql,
            row -> {
              String[] values = new String[row.getMetaData().getColumnCount()];
              for (int i = 0; i < values.length; i++) {
                String value = row.getString(i + 1);
                values[i] = value == null ? "" : value.replace("\n", " ");
              }
              return values;
            },
            name));
  }

  private static final String RELATION =
      """
      SELECT c.relkind, obj_description(c.oid, 'pg_class'), pg_get_partkeydef(c.oid),
             array_to_string(c.reloptions, ', ')
      FROM pg_class c
      WHERE c.relnamespace = 'plinth'::regnamespace
        AND c.relname = ?
        AND c.relkind IN ('r', 'p', 'v')
      """;

  private static final String COLUMNS =
      """
      SELECT a.attname,
             format_type(a.atttypid, a.atttypmod)
               || CASE WHEN a.attcollation <> t.typcollation
                    THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END,
             CASE WHEN a.attnotnull THEN 'no' ELSE 'yes' END,
             CASE
               WHEN a.attidentity = 'a' THEN 'GENERATED ALWAYS AS IDENTITY'
               WHEN a.attidentity = 'd' THEN 'GENERATED BY DEFAULT AS IDENTITY'
               WHEN a.attgenerated = 's' THEN 'GENERATED ALWAYS AS ' || pg_get_expr(d.adbin, d.adrelid)
               ELSE pg_get_expr(d.adbin, d.adrelid)
             END,
             col_description(a.attrelid, a.attnum)
      FROM pg_attribute a
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = ('plinth.' || ?)::regclass
        AND a.attnum > 0
        AND NOT a.attisdropped
      ORDER BY a.attnum
      """;

  /** Without those of NOT NULL, which are constraints only since PostgreSQL 18. */
  private static final String CONSTRAINTS =
      """
      SELECT CASE k.contype WHEN 'p' THEN 'key' WHEN 'u' THEN 'unique'
               WHEN 'f' THEN 'foreign key' ELSE 'check' END,
             pg_get_constraintdef(k.oid)
      FROM pg_constraint k
      WHERE k.conrelid = ('plinth.' || ?)::regclass
        AND k.contype IN ('p', 'u', 'f', 'c')
        AND k.conparentid = 0
      ORDER BY array_position('{p,u,f,c}', k.contype::text), pg_get_constraintdef(k.oid) COLLATE "C"
      """;

  private static final String INDEXES =
      """
      SELECT CASE WHEN i.indisunique THEN 'unique index' ELSE 'index' END,
             c.relname || ' ' || substring(pg_get_indexdef(i.indexrelid) FROM ' (USING .*)$')
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      WHERE i.indrelid = ('plinth.' || ?)::regclass
        AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
      ORDER BY c.relname COLLATE "C"
      """;

  private static final String TRIGGERS =
      """
      SELECT 'trigger' || CASE g.tgenabled WHEN 'A' THEN ', always enabled' ELSE '' END,
             g.tgname || ' '
               || substring(pg_get_triggerdef(g.oid) FROM ' TRIGGER \\S+ (.*)$')
      FROM pg_trigger g
      WHERE g.tgrelid = ('plinth.' || ?)::regclass
        AND NOT g.tgisinternal
      ORDER BY g.tgname COLLATE "C"
      """;

  private static final String FUNCTION =
      """
      SELECT p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
             obj_description(p.oid, 'pg_proc'),
             pg_get_function_result(p.oid),
             CASE WHEN p.prosecdef THEN 'the schema''s owner' ELSE 'its caller' END
      FROM pg_proc p
      WHERE p.pronamespace = 'plinth'::regnamespace
        AND p.proname = ?
      ORDER BY 1
      """;
}
