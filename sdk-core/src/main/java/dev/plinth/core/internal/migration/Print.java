package dev.plinth.core.internal.migration;

import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;

/**
 * Writes out what {@code migrate} and {@code rollback} would run, together with the rows that they
 * would leave in the history, so that a DBA may run it in their place.
 */
final class Print {
  private final Schema schema;
  private final Line line;

  Print(Schema schema, Line line) {
    this.schema = schema;
    this.line = line;
  }

  String sql(int from, int to) {
    Args.range(from, 0, line.latest(), "from");
    Args.range(to, 0, line.latest(), "to");
    StringBuilder sql = new StringBuilder();
    if (from == 0 && to > 0) {
      sql.append(schema.render("CREATE SCHEMA IF NOT EXISTS {schema};\n")).append(historyTable());
    }
    if (from < to) {
      sql.append(new Registration(schema).enter(line));
    }
    for (int version = from + 1; version <= to; version++) {
      up(sql, line.script(version));
    }
    for (int version = from; version > to; version--) {
      down(sql, line.script(version));
    }
    if (to == 0 && from > 0) {
      sql.append("\nDROP TABLE ").append(history()).append(";\n");
    }
    return sql.toString();
  }

  private void up(StringBuilder sql, Script script) {
    String end = end(script.sql(schema));
    sql.append("\n-- ").append(script.label()).append('\n');
    if (script.transactional()) {
      sql.append("BEGIN;\n").append(end).append(entry(script)).append("COMMIT;\n");
    } else {
      sql.append("-- Runs outside a transaction: statement by statement, not in one batch.\n");
      sql.append(end).append(entry(script));
    }
  }

  private void down(StringBuilder sql, Script script) {
    sql.append("\n-- Undo of ").append(script.label());
    sql.append(script.header().undoDestroysData() ? ": DESTROYS DATA\n" : ": keeps data\n");
    sql.append("BEGIN;\n").append(end(script.undoSql(schema)));
    sql.append(Undo.forget(schema, line, script)).append("COMMIT;\n");
  }

  private static String end(String script) {
    return script.stripTrailing() + "\n";
  }

  private String history() {
    return Line.quotedHistory(schema, line.module());
  }

  /** As Flyway makes it. */
  private String historyTable() {
    return """
    CREATE TABLE IF NOT EXISTS %s (
      "installed_rank" INT NOT NULL,
      "version" VARCHAR(50),
      "description" VARCHAR(200) NOT NULL,
      "type" VARCHAR(20) NOT NULL,
      "script" VARCHAR(1000) NOT NULL,
      "checksum" INTEGER,
      "installed_by" VARCHAR(100) NOT NULL,
      "installed_on" TIMESTAMP NOT NULL DEFAULT now(),
      "execution_time" INTEGER NOT NULL,
      "success" BOOLEAN NOT NULL,
      CONSTRAINT "%s_pk" PRIMARY KEY ("installed_rank")
    );
    CREATE INDEX IF NOT EXISTS "%s_s_idx" ON %s ("success");
    """
        .formatted(history(), line.historyTable(), line.historyTable(), history());
  }

  private String entry(Script script) {
    return """
    INSERT INTO %s (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
      SELECT coalesce(max(installed_rank), 0) + 1, '%d', '%s', 'SQL', '%s', %d, current_user, 0, true FROM %s;
    """
        .formatted(
            history(),
            script.version(),
            script.description(),
            script.file(),
            script.checksum(),
            history());
  }
}
