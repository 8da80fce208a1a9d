package dev.plinth.core.vault;

/**
 * Values of one column that are encrypted under a data key.
 *
 * @param schema the table's schema
 * @param table the table
 * @param column the column
 * @param values how many there are; 0 proves that this column no longer needs the key
 * @param indexed whether an index answered; otherwise the table was read through
 */
public record KeyReference(
    String schema, String table, String column, long values, boolean indexed) {
  @Override
  public String toString() {
    return schema + "." + table + "." + column + ": " + values;
  }
}
