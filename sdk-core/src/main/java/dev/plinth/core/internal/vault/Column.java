package dev.plinth.core.internal.vault;

import dev.plinth.core.vault.Cell;
import dev.plinth.core.vault.EncryptedColumn;
import dev.plinth.core.vault.VaultException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A registered column as the catalogues have it, and the SQL fragments that name it.
 *
 * @param schema the table's schema, by its actual name
 * @param keyTypes the types of the key's columns
 * @param dataKeyColumn the generated column to count by, if there really is one
 * @param indexed whether that one is indexed
 */
record Column(
    String schema,
    String table,
    String name,
    List<String> key,
    List<String> keyTypes,
    @Nullable String dataKeyColumn,
    boolean indexed) {
  /** The table, quoted. */
  String from() {
    return quoted(schema) + "." + quoted(table);
  }

  String value() {
    return quoted(name);
  }

  /** {@code "a", "b"}, each with the prefix. */
  String keyList(String prefix, String suffix) {
    return key.stream().map(one -> prefix + quoted(one) + suffix).collect(Collectors.joining(", "));
  }

  /** A parameter for each key column, cast from text to its type. */
  String keyParameters() {
    return keyTypes.stream()
        .map(type -> "CAST(? AS " + type + ")")
        .collect(Collectors.joining(", "));
  }

  /** Keys given as one array of texts for each column. */
  String keySet() {
    String names =
        IntStream.range(0, key.size()).mapToObj(i -> "k" + i).collect(Collectors.joining(", "));
    String casts =
        IntStream.range(0, key.size())
            .mapToObj(i -> "CAST(w.k" + i + " AS " + keyTypes.get(i) + ")")
            .collect(Collectors.joining(", "));
    String arrays = key.stream().map(one -> "CAST(? AS text[])").collect(Collectors.joining(", "));
    return "SELECT " + casts + " FROM unnest(" + arrays + ") AS w (" + names + ")";
  }

  Cell cell(List<String> row) {
    return Cell.of(table, name, row.toArray(String[]::new));
  }

  static String quoted(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  static VaultException unfit(EncryptedColumn declared, String schema, String reason) {
    return new VaultException(
        "The column "
            + schema
            + "."
            + declared.table()
            + "."
            + declared.column()
            + " is registered as encrypted, but "
            + reason,
        null);
  }
}
