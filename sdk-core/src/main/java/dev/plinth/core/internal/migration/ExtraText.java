package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.spi.Schema;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Reads the resources of optional scripts: statements that each end with a semicolon and a line.
 */
final class ExtraText {
  private ExtraText() {}

  static List<String> statements(String resource, Schema schema) {
    return statements(resource, schema, "");
  }

  /** For one table, by its quoted name. */
  static List<String> statements(String resource, Schema schema, String table) {
    return Arrays.stream(read(resource).split(";\n"))
        .filter(statement -> !statement.isBlank())
        .map(statement -> Script.render(statement.strip(), schema).replace("${table}", table))
        .toList();
  }

  private static String read(String resource) {
    String file = "/dev/plinth/core/optional/" + resource + ".sql";
    try (InputStream in = ExtraText.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new MigrationException("The class path lacks " + file, null);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new MigrationException("The class path does not give " + file, e);
    }
  }
}
