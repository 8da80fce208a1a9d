package dev.plinth.core.internal.vault;

import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.vault.EncryptedColumn;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What PostgreSQL's catalogues say of a declared column. */
final class Catalogue {
  /** Types whose text in Java and in PostgreSQL is the same. */
  private static final Set<String> KEY_TYPES =
      Set.of("uuid", "text", "character varying", "smallint", "integer", "bigint");

  private record Attribute(String type, boolean tellsKey) {}

  private static final String TABLE =
      """
      SELECT c.oid, row_security_active(c.oid) AS hidden
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relname = ? AND c.relkind IN ('r', 'p')
      """;

  private static final String ATTRIBUTES =
      """
      SELECT a.attname, format_type(a.atttypid, NULL) AS type,
        a.attgenerated = 's' AND a.atttypid = 'uuid'::regtype AND position(
          lower('substring(' || quote_ident(?) || ' from 2 for 16)')
          IN lower(pg_get_expr(d.adbin, d.adrelid))) > 0 AS tells_key
      FROM pg_catalog.pg_attribute a
      LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = ? AND a.attnum > 0 AND NOT a.attisdropped
      """;

  private static final String INDEXES =
      """
      SELECT i.indisunique, array_agg(a.attname::text ORDER BY k.place) AS columns
      FROM pg_catalog.pg_index i
      CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = ? AND i.indisvalid AND i.indpred IS NULL AND k.place <= i.indnkeyatts
      GROUP BY i.indexrelid, i.indisunique
      """;

  private record Table(long oid, boolean hidden) {}

  private record Index(boolean unique, List<@Nullable String> columns) {}

  private Catalogue() {}

  /** Whether row-level security would hide rows of the table from this transaction. */
  static boolean hides(Tx tx, EncryptedColumn declared) {
    return table(tx, declared).map(Table::hidden).orElse(false);
  }

  /**
   * The column; empty when its table or itself is not there, and so holds no value.
   *
   * @throws dev.plinth.core.vault.VaultException when it is not as it was declared
   */
  static Optional<Column> find(Tx tx, EncryptedColumn declared) {
    String schema = String.valueOf(declared.schema());
    Optional<Table> table = table(tx, declared);
    if (table.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Attribute> attributes = attributes(tx, table.get(), declared.column());
    Attribute value = attributes.get(declared.column());
    if (value == null) {
      return Optional.empty();
    }
    if (!value.type().equals("bytea")) {
      throw Column.unfit(declared, schema, "is of type " + value.type() + " and not bytea");
    }
    List<String> types = new ArrayList<>();
    for (String name : declared.key()) {
      Attribute part = attributes.get(name);
      if (part == null || !KEY_TYPES.contains(part.type())) {
        throw Column.unfit(
            declared,
            schema,
            "its key column "
                + name
                + (part == null ? " does not exist" : " is of type " + part.type())
                + ": register it with the key that its values are bound to, of uuid, text, varchar,"
                + " smallint, integer or bigint");
      }
      types.add(part.type());
    }
    List<Index> indexes = indexes(tx, table.get());
    Set<String> key = Set.copyOf(declared.key());
    if (indexes.stream().noneMatch(index -> index.unique() && isOn(index, key))) {
      throw Column.unfit(
          declared, schema, "no unique index is on its key " + declared.key() + ": create one");
    }
    // Any other column could say something else than the value does.
    Attribute counted =
        declared.dataKeyColumn() == null ? null : attributes.get(declared.dataKeyColumn());
    String by = counted != null && counted.tellsKey() ? declared.dataKeyColumn() : null;
    return Optional.of(
        new Column(
            schema,
            declared.table(),
            declared.column(),
            declared.key(),
            types,
            by,
            by != null && indexes.stream().anyMatch(index -> by.equals(index.columns().get(0)))));
  }

  private static boolean isOn(Index index, Set<String> key) {
    return new HashSet<>(index.columns()).equals(key);
  }

  private static Optional<Table> table(Tx tx, EncryptedColumn declared) {
    return Sql.first(
        tx.connection(),
        TABLE,
        row -> new Table(row.getLong("oid"), row.getBoolean("hidden")),
        declared.schema(),
        declared.table());
  }

  private static Map<String, Attribute> attributes(Tx tx, Table table, String column) {
    return Sql.query(
            tx.connection(),
            ATTRIBUTES,
            row ->
                Map.entry(
                    row.getString("attname"),
                    new Attribute(row.getString("type"), row.getBoolean("tells_key"))),
            column,
            table.oid())
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static List<Index> indexes(Tx tx, Table table) {
    return Sql.query(
        tx.connection(),
        INDEXES,
        row ->
            new Index(row.getBoolean("indisunique"), ColumnRegistry.texts(row.getArray("columns"))),
        table.oid());
  }
}
