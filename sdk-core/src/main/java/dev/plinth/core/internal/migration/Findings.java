package dev.plinth.core.internal.migration;

import dev.plinth.core.health.Health;
import dev.plinth.core.migration.Migration.Compatibility;
import dev.plinth.core.migration.SchemaTooNewException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** What this code's migrations and a database's history say about each other. */
final class Findings {
  private Findings() {}

  /** What would be applied, in order. */
  static List<Script> pending(List<Line> lines, Installed installed) {
    return lines.stream()
        .flatMap(line -> line.scripts().stream())
        .filter(script -> !installed.isApplied(script))
        .toList();
  }

  /** Applied migrations whose script is not the one that was run. */
  static List<String> changed(List<Line> lines, Installed installed) {
    List<String> problems = new ArrayList<>();
    for (Line line : lines) {
      for (Script script : line.scripts()) {
        installed
            .entry(script.module(), script.version())
            .filter(Installed.Entry::success)
            .filter(entry -> !Objects.equals(entry.checksum(), script.checksum()))
            .ifPresent(
                entry ->
                    problems.add(
                        script.label()
                            + " was changed after it was applied (checksum "
                            + entry.checksum()
                            + " in the database, "
                            + script.checksum()
                            + " in this code): restore the script as it was released"));
      }
    }
    return problems;
  }

  /** What a node that starts finds lacking, told by the migrations themselves. */
  static List<String> missing(List<Line> lines, List<Installed.Change> changes) {
    return lines.stream()
        .flatMap(line -> line.scripts().stream())
        .filter(
            script ->
                changes.stream()
                    .noneMatch(
                        change ->
                            change.module().equals(script.module())
                                && change.version() == script.version()))
        .map(script -> script.label() + " is missing: run plinth.migrations().migrate()")
        .toList();
  }

  /** Where a module's schema stands. */
  static Health.Schema state(Line line, List<Installed.Change> changes) {
    List<Installed.Change> own =
        changes.stream().filter(change -> change.module().equals(line.module())).toList();
    List<Integer> pending =
        line.scripts().stream()
            .map(Script::version)
            .filter(version -> own.stream().noneMatch(change -> change.version() == version))
            .toList();
    boolean tooNew =
        own.stream()
            .anyMatch(
                change ->
                    change.version() > line.latest()
                        && change.compatibility() == Compatibility.BREAKING);
    int version = own.stream().mapToInt(Installed.Change::version).max().orElse(0);
    return new Health.Schema(line.module(), version, line.latest(), pending, tooNew);
  }

  /** Refuses a schema that a newer version has changed so that this code cannot work with it. */
  static void refuseTooNew(List<Line> lines, List<Installed.Change> changes) {
    for (Line line : lines) {
      for (Installed.Change change : changes) {
        if (change.module().equals(line.module())
            && change.version() > line.latest()
            && change.compatibility() == Compatibility.BREAKING) {
          throw new SchemaTooNewException(line.module(), change.version(), line.latest());
        }
      }
    }
  }
}
