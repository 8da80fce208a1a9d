package dev.plinth.core.internal.vault;

import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.core.vault.EncryptedColumn;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The encrypted columns that this node declares, and those that any node ever has: kept in {@code
 * vault_columns}, since a key must not be retired because the module that needs it happens not to
 * run here.
 */
final class ColumnRegistry {
  private final Transactions transactions;
  private final String plinthSchema;
  private final Set<EncryptedColumn> declared = ConcurrentHashMap.newKeySet();
  private final Set<EncryptedColumn> written = ConcurrentHashMap.newKeySet();
  private final String upsert;
  private final String all;

  ColumnRegistry(Transactions transactions, Schema schema, List<FeatureModule> modules) {
    this.transactions = transactions;
    this.plinthSchema = schema.name();
    modules.forEach(module -> module.encryptedColumns().forEach(this::declare));
    this.upsert =
        schema.render(
            """
            INSERT INTO {schema}.vault_columns
              (schema_name, table_name, column_name, key_columns, data_key_column, registered_at)
            VALUES (?, ?, ?, ?, ?, {now})
            ON CONFLICT (schema_name, table_name, column_name) DO UPDATE
            SET key_columns = excluded.key_columns,
              data_key_column = excluded.data_key_column
            WHERE vault_columns.key_columns <> excluded.key_columns
              OR vault_columns.data_key_column IS DISTINCT FROM excluded.data_key_column
            """);
    this.all =
        schema.render(
            """
            SELECT schema_name, table_name, column_name, key_columns, data_key_column
            FROM {schema}.vault_columns
            ORDER BY schema_name, table_name, column_name
            """);
  }

  void declare(EncryptedColumn column) {
    declared.add(column.schema() == null ? column.withSchema(plinthSchema) : column);
  }

  /** Makes the declarations of this node known to all. */
  void write() {
    List<EncryptedColumn> fresh =
        declared.stream().filter(column -> !written.contains(column)).toList();
    if (fresh.isEmpty()) {
      return;
    }
    transactions.inNew(
        TxOptions.defaults(),
        tx -> {
          for (EncryptedColumn column : fresh) {
            Sql.update(
                tx.connection(),
                upsert,
                column.schema(),
                column.table(),
                column.column(),
                column.key().toArray(String[]::new),
                column.dataKeyColumn());
          }
          return Boolean.TRUE;
        });
    written.addAll(fresh);
  }

  /** Every column that any node has declared; each names its schema. */
  List<EncryptedColumn> all() {
    write();
    return transactions.inNew(TxOptions.defaults(), this::read);
  }

  private List<EncryptedColumn> read(Tx tx) {
    return Sql.query(tx.connection(), all, ColumnRegistry::column);
  }

  private static EncryptedColumn column(ResultSet row) throws SQLException {
    return new EncryptedColumn(
        row.getString("schema_name"),
        row.getString("table_name"),
        row.getString("column_name"),
        texts(row.getArray("key_columns")),
        row.getString("data_key_column"));
  }

  static List<String> texts(Array array) throws SQLException {
    List<String> texts = new ArrayList<>();
    for (Object one : (Object[]) array.getArray()) {
      texts.add((String) one);
    }
    return texts;
  }
}
