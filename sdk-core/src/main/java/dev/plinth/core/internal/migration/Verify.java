package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.SchemaInvalidException;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;

/** Finds everything that is wrong with a schema before it says so. */
final class Verify {
  private final Schema schema;
  private final List<Line> lines;
  private final List<Extra> extras;

  Verify(Schema schema, List<Line> lines, List<Extra> extras) {
    this.schema = schema;
    this.lines = lines;
    this.extras = extras;
  }

  void run(Connection connection) {
    Installed installed = Installed.read(connection, schema, lines);
    Findings.refuseTooNew(lines, installed.changes());
    List<String> problems = new ArrayList<>();
    Preconditions.encodingProblem(connection).ifPresent(problems::add);
    List<String> missing = missing(installed);
    problems.addAll(missing);
    if (missing.isEmpty()) {
      problems.addAll(new Registration(schema).missing(connection, lines));
    }
    problems.addAll(Extras.halfDone(connection, extras));
    problems.addAll(Findings.changed(lines, installed));
    problems.addAll(disagreeing(installed));
    for (Line line : lines) {
      new FlywayRun(connection, schema, line).unnamedProblem().ifPresent(problems::add);
      for (Script script : line.scripts()) {
        if (installed.isApplied(script)) {
          problems.addAll(faults(connection, script));
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new SchemaInvalidException(problems);
    }
  }

  private List<String> missing(Installed installed) {
    return Findings.pending(lines, installed).stream()
        .map(
            script ->
                installed.entry(script.module(), script.version()).isPresent()
                    ? script.label() + " failed half-way: run plinth.migrations().migrate() again"
                    : script.label() + " is missing: run plinth.migrations().migrate()")
        .toList();
  }

  /** The two accounts differ only when somebody changed one of them by hand. */
  private static List<String> disagreeing(Installed installed) {
    List<String> problems = new ArrayList<>();
    for (Installed.Entry entry : installed.entries()) {
      if (entry.success()
          && installed.changes().stream()
              .noneMatch(
                  change ->
                      change.module().equals(entry.module())
                          && change.version() == entry.version())) {
        problems.add(
            "schema_changes lacks "
                + entry.module()
                + " "
                + entry.version()
                + ", which the history of migrations has");
      }
    }
    return problems;
  }

  private List<String> faults(Connection connection, Script script) {
    List<String> faults = new ArrayList<>();
    for (String query : script.validations(schema)) {
      try {
        Sql.query(connection, query, row -> row.getString(1))
            .forEach(fault -> faults.add(script.label() + ": " + fault));
      } catch (DatabaseException e) {
        faults.add(script.label() + " cannot be validated (" + e.getMessage() + ")");
      }
    }
    return faults;
  }
}
