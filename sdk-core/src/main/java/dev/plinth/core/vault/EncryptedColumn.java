package dev.plinth.core.vault;

import dev.plinth.core.spi.Args;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A {@code bytea} column whose values the vault encrypts, declared so that {@link VaultKeys#rotate}
 * re-encrypts them and no key is retired while they need it. Immutable; start from {@link #of} and
 * add to it.
 *
 * <pre>{@code
 * EncryptedColumn.of("customers", "iban").withSchema("shop").withDataKeyColumn("iban_data_key_id")
 * }</pre>
 *
 * <p>Its values must be bound to {@code Cell.of(table, column, key…)}, the key's columns as
 * PostgreSQL writes them as text. They may be of type {@code uuid}, {@code text}, {@code varchar},
 * {@code smallint}, {@code integer} or {@code bigint}, and must be unique together.
 *
 * @param schema the table's schema; null for Plinth's own
 * @param table the table
 * @param column the column
 * @param key the columns of the row's key, in the order in which they were bound
 * @param dataKeyColumn a {@code uuid} column, {@code GENERATED ALWAYS AS (encode(substring(column
 *     FROM 2 FOR 16), 'hex')::uuid) STORED} and best indexed, by which references are counted; null
 *     when there is none, which costs a scan of the table
 */
public record EncryptedColumn(
    @Nullable String schema,
    String table,
    String column,
    List<String> key,
    @Nullable String dataKeyColumn) {
  private static final int MAX_BYTES = 63;
  private static final int MAX_KEY = 8;

  /** Checks the arguments. */
  public EncryptedColumn {
    if (schema != null) {
      identifier(schema, "schema");
    }
    identifier(table, "table");
    identifier(column, "column");
    Args.check(
        table.indexOf('|') < 0 && column.indexOf('|') < 0,
        "table and column must not contain |, which separates them from the row");
    List<String> names = Args.notNull(key, "key");
    Args.range(names.size(), 1, MAX_KEY, "the number of columns in key");
    for (String name : names) {
      identifier(name, "a column in key");
    }
    Args.check(new LinkedHashSet<>(names).size() == names.size(), "key must name each column once");
    key = List.copyOf(names);
    if (dataKeyColumn != null) {
      identifier(dataKeyColumn, "dataKeyColumn");
    }
  }

  /** A column of a table of Plinth's schema whose key is {@code id}. */
  public static EncryptedColumn of(String table, String column) {
    return new EncryptedColumn(null, table, column, List.of("id"), null);
  }

  /** The same in another schema. */
  public EncryptedColumn withSchema(String schema) {
    return new EncryptedColumn(Args.notNull(schema, "schema"), table, column, key, dataKeyColumn);
  }

  /** The same with another key. */
  public EncryptedColumn withKey(String... columns) {
    Args.notNull(columns, "columns");
    for (String name : columns) {
      Args.notNull(name, "a column in key");
    }
    return new EncryptedColumn(schema, table, column, List.of(columns), dataKeyColumn);
  }

  /** The same with a generated column that holds the data key's id. */
  public EncryptedColumn withDataKeyColumn(String dataKeyColumn) {
    return new EncryptedColumn(
        schema, table, column, key, Args.notNull(dataKeyColumn, "dataKeyColumn"));
  }

  private static void identifier(@Nullable String name, String argument) {
    Args.text(name, MAX_BYTES, argument);
    Args.utf8(name, MAX_BYTES, argument);
  }
}
