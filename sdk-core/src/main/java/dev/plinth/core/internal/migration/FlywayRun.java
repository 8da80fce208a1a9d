package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.spi.Schema;
import java.sql.Connection;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;

/** Flyway, set up for one line on the session that holds the lock. */
final class FlywayRun {
  private static final String ADVICE = "name it in FeatureModule.migrations() or take it away";

  private final Line line;
  private final Flyway flyway;

  FlywayRun(Connection connection, Schema schema, Line line) {
    this(connection, schema, line, "latest");
  }

  FlywayRun(Connection connection, Schema schema, Line line, String target) {
    this.line = line;
    this.flyway =
        FlywayLine.withSessionLock(Flyway.configure(line.loader()))
            .dataSource(new SameConnection(connection))
            .defaultSchema(schema.name())
            .schemas(schema.name())
            .createSchemas(false)
            .locations(line.location())
            .table(line.historyTable())
            .target(target)
            // The second history table in a schema meets the tables of the first: below every
            // version.
            .baselineOnMigrate(true)
            .baselineVersion("0")
            .placeholders(Map.of("schema", schema.quoted()))
            .load();
  }

  Line line() {
    return line;
  }

  /**
   * Flyway applies whatever lies in the folder, also what the module does not name: nobody would
   * have printed, described or undone that.
   */
  void refuseUnnamed() {
    List<String> unnamed = unnamed();
    if (!unnamed.isEmpty()) {
      throw new MigrationException(describe(unnamed) + ", so nothing was applied: " + ADVICE, null);
    }
  }

  /** For a report: what is wrong with the folder, if anything is. */
  Optional<String> unnamedProblem() {
    List<String> unnamed = unnamed();
    return unnamed.isEmpty() ? Optional.empty() : Optional.of(describe(unnamed) + ": " + ADVICE);
  }

  private String describe(List<String> unnamed) {
    return "The class path holds "
        + String.join(", ", unnamed)
        + " among the migrations of "
        + line.module()
        + ", which the module does not name";
  }

  private List<String> unnamed() {
    Set<String> named = line.scripts().stream().map(Script::file).collect(Collectors.toSet());
    try {
      return Arrays.stream(flyway.info().all())
          .filter(info -> info.getState().isResolved())
          .filter(info -> info.getState() != MigrationState.BASELINE)
          .map(MigrationInfo::getScript)
          .filter(script -> !named.contains(script))
          .toList();
    } catch (FlywayException e) {
      throw new MigrationException(
          "The migrations of "
              + line.module()
              + " cannot be read, nothing was applied. "
              + String.valueOf(e.getMessage()).strip(),
          e);
    }
  }

  /** Applies what the line lacks, up to the target. */
  void migrate() {
    flyway.migrate();
  }
}
