package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.spi.Schema;
import java.sql.Connection;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;

/** Flyway, set up for one line on the session that holds the lock. */
final class FlywayRun {
  private final Line line;
  private final Flyway flyway;

  FlywayRun(Connection connection, Schema schema, Line line) {
    this.line = line;
    this.flyway =
        FlywayLine.withSessionLock(Flyway.configure(line.loader()))
            .dataSource(new SameConnection(connection))
            .defaultSchema(schema.name())
            .schemas(schema.name())
            .createSchemas(false)
            .locations(line.location())
            .table(line.historyTable())
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
    Set<String> named = line.scripts().stream().map(Script::file).collect(Collectors.toSet());
    List<String> unnamed;
    try {
      unnamed =
          Arrays.stream(flyway.info().pending())
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
    if (!unnamed.isEmpty()) {
      throw new MigrationException(
          "The class path holds "
              + String.join(", ", unnamed)
              + " among the migrations of "
              + line.module()
              + ", which the module does not name, so nothing was applied: name it in"
              + " FeatureModule.migrations() or take it away",
          null);
    }
  }

  /** Applies what the line lacks. */
  void migrate() {
    flyway.migrate();
  }
}
