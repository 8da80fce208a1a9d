package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.Migration;
import dev.plinth.core.migration.Migration.Compatibility;
import dev.plinth.core.spi.Schema;
import java.util.List;
import java.util.Locale;

/**
 * One migration as its module brings it: the script, its way back, and what the header says.
 *
 * @param text the script, with its placeholders
 * @param undo the way back, with its placeholders
 * @param transactional false when the script runs outside a transaction
 */
record Script(
    String module,
    int version,
    String name,
    String text,
    String undo,
    ScriptHeader header,
    boolean transactional) {
  private static final String PLACEHOLDER = "${schema}";

  String file() {
    return "V" + version + "__" + name + ".sql";
  }

  String description() {
    return name.replace('_', ' ');
  }

  int checksum() {
    return Checksum.of(text);
  }

  String sql(Schema schema) {
    return render(text, schema);
  }

  String undoSql(Schema schema) {
    return render(undo, schema);
  }

  List<String> validations(Schema schema) {
    return header.validations().stream().map(query -> render(query, schema)).toList();
  }

  Migration migration() {
    return new Migration(
        module, version, description(), header.compatibility(), header.undoDestroysData());
  }

  /** The row that the migration itself leaves, for undo scripts and messages. */
  String label() {
    return module + " " + version + " (" + description() + ")";
  }

  static String render(String sql, Schema schema) {
    return sql.replace(PLACEHOLDER, schema.quoted());
  }

  static String lower(Compatibility compatibility) {
    return compatibility.name().toLowerCase(Locale.ROOT);
  }
}
