package dev.plinth.test;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Rows for tables known only from the catalogues: values by type, those that a CHECK names, keys
 * that a foreign key refers to. What a table refuses is tried again with other values.
 */
final class GeneratedRows {
  private static final int ROUNDS = 3;
  private static final int ATTEMPTS = 100;
  private static final Pattern LITERAL = Pattern.compile("'((?:[^']|'')*)'");

  private record Column(
      String name,
      String type,
      boolean nullable,
      boolean defaulted,
      List<String> literals,
      @Nullable String references) {}

  private final Plinth plinth;
  private final Schema schema;
  private final Random random;

  GeneratedRows(Plinth plinth, long seed) {
    this.plinth = plinth;
    this.schema = plinth.schema();
    this.random = new Random(seed);
  }

  /** Fills what it can, and tells how many rows each table took. */
  Map<String, Integer> fill(Connection connection) {
    Map<String, Integer> filled = new TreeMap<>();
    List<String> tables = Sql.query(connection, TABLES, row -> row.getString(1), schema.name());
    // Again and again, since a table may wait for the rows that it refers to.
    for (int round = 0; round < ROUNDS; round++) {
      for (String table : tables) {
        filled.merge(table, fill(connection, table), Integer::sum);
      }
    }
    return filled;
  }

  private int fill(Connection connection, String table) {
    List<Column> columns =
        Sql.query(
            connection,
            COLUMNS,
            row ->
                new Column(
                    row.getString("name"),
                    row.getString("type"),
                    row.getBoolean("nullable"),
                    row.getBoolean("defaulted"),
                    literals(row.getString("checks")),
                    row.getString("reference")),
            schema.name(),
            table);
    int inserted = 0;
    for (int attempt = 0; attempt < ATTEMPTS && inserted < 3; attempt++) {
      inserted += insert(connection, table, columns);
    }
    return inserted;
  }

  private int insert(Connection connection, String table, List<Column> columns) {
    List<String> names = new ArrayList<>();
    List<String> values = new ArrayList<>();
    for (Column column : columns) {
      if (column.defaulted() && random.nextInt(10) < 6) {
        continue;
      }
      names.add('"' + column.name() + '"');
      values.add(value(column));
    }
    String sql =
        names.isEmpty()
            ? "INSERT INTO %s.%s DEFAULT VALUES".formatted(schema.quoted(), table)
            : "INSERT INTO %s.%s (%s) VALUES (%s)"
                .formatted(
                    schema.quoted(), table, String.join(", ", names), String.join(", ", values));
    try {
      return Sql.update(connection, sql);
    } catch (DatabaseException e) {
      return refused(e);
    }
  }

  /** A row that breaks a constraint is simply not there. */
  private static int refused(DatabaseException refusal) {
    if (String.valueOf(refusal.sqlState()).startsWith("08")) {
      throw refusal;
    }
    return 0;
  }

  private String value(Column column) {
    if (column.nullable() && random.nextBoolean()) {
      return "NULL";
    }
    if (column.references() != null) {
      return "(" + column.references().replace("{offset}", "random()") + ")";
    }
    // A literal beside a column of another type is about something else, such as jsonb_typeof.
    if (column.type().equals("text") && !column.literals().isEmpty() && random.nextInt(10) < 9) {
      String literal = column.literals().get(random.nextInt(column.literals().size()));
      return "'" + literal + "'::" + column.type();
    }
    return "'" + text(column.type()) + "'::" + column.type();
  }

  private String text(String type) {
    String base = type.replaceFirst("\\(.*\\)", "").replace("[]", "");
    String value =
        switch (base) {
          case "uuid" -> plinth.ids().next().toString();
          case "smallint", "integer", "bigint", "numeric", "real", "double precision" ->
              Integer.toString(random.nextInt(100));
          case "boolean" -> Boolean.toString(random.nextBoolean());
          case "timestamp with time zone", "timestamp without time zone", "date" ->
              plinth.clock().instant().plusSeconds(random.nextInt(7200) - 3600L).toString();
          case "interval" -> random.nextInt(100) + " seconds";
          case "jsonb", "json" -> "{\"n\": " + random.nextInt(100) + "}";
          case "inet", "cidr" -> "10.0.0." + random.nextInt(256);
          case "bytea" -> "\\x" + hex(random.nextBoolean() ? 32 : 1 + random.nextInt(64));
          default -> words();
        };
    return type.endsWith("[]") ? "{" + value + "}" : value;
  }

  private String words() {
    return switch (random.nextInt(5)) {
      case 0 -> hex(32);
      case 1 -> hex(16);
      case 2 -> hex(4) + "@example.org";
      default -> "x" + hex(1 + random.nextInt(6));
    };
  }

  private String hex(int bytes) {
    byte[] content = new byte[bytes];
    random.nextBytes(content);
    return HexFormat.of().formatHex(content);
  }

  private static List<String> literals(@Nullable String checks) {
    List<String> literals = new ArrayList<>();
    if (checks != null) {
      Matcher matcher = LITERAL.matcher(checks);
      while (matcher.find()) {
        String literal = matcher.group(1);
        // What begins like this is the pattern of a value, not a value.
        if (!literal.startsWith("^")) {
          literals.add(literal);
        }
      }
    }
    return literals;
  }

  private static final String TABLES =
      """
      SELECT c.relname
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> 'schema_changes' AND c.relname NOT LIKE 'flyway\\_history\\_%'
      ORDER BY c.relname
      """;

  private static final String COLUMNS =
      """
      SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
        NOT a.attnotnull AS nullable, a.atthasdef AS defaulted,
        (SELECT string_agg(pg_get_constraintdef(k.oid), ' ')
         FROM pg_constraint k
         WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)) AS checks,
        (SELECT format('SELECT %I FROM %s ORDER BY {offset} LIMIT 1', r.attname, k.confrelid::regclass)
         FROM pg_constraint k
         JOIN pg_attribute r ON r.attrelid = k.confrelid
           AND r.attnum = k.confkey[array_position(k.conkey, a.attnum)]
         WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY (k.conkey)
         LIMIT 1) AS reference
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE n.nspname = ? AND c.relname = ? AND a.attgenerated = '' AND a.attidentity = ''
      ORDER BY a.attnum
      """;
}
