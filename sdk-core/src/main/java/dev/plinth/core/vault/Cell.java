package dev.plinth.core.vault;

import dev.plinth.core.spi.Args;

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
}
