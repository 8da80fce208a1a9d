package dev.plinth.core.vault;

import dev.plinth.core.spi.Args;
import java.util.StringJoiner;

/**
 * Where an encrypted value belongs. It is bound to the value as associated data, so that a
 * ciphertext moved to another row or column no longer decrypts.
 *
 * @param table the table's name
 * @param column the column's name
 * @param row the row's key as text
 */
public record Cell(String table, String column, String row) {
  /** Checks the arguments. */
  public Cell {
    Args.text(table, 128, "table");
    Args.text(column, 128, "column");
    Args.text(row, 255, "row");
    Args.check(
        table.indexOf('|') < 0 && column.indexOf('|') < 0,
        "table and column must not contain |, which separates them from the row");
  }

  /**
   * A cell by its row's key of one or several columns, as {@link EncryptedColumn} declares it. The
   * text of a key of one column is taken as it is; several are joined by {@code |}, which together
   * with the backslash is escaped by a backslash, so that no two keys give the same row.
   *
   * @param key the key's columns as PostgreSQL writes them as text, such as {@code UUID.toString()}
   */
  public static Cell of(String table, String column, String... key) {
    Args.notNull(key, "key");
    Args.check(key.length > 0, "key must have at least one column");
    if (key.length == 1) {
      return new Cell(table, column, key[0]);
    }
    StringJoiner row = new StringJoiner("|");
    for (String part : key) {
      row.add(Args.notNull(part, "a column in key").replace("\\", "\\\\").replace("|", "\\|"));
    }
    return new Cell(table, column, row.toString());
  }
}
