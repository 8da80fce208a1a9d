package dev.plinth.core.internal.migration;

import dev.plinth.core.internal.LockPatience;
import dev.plinth.core.migration.Migration;
import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.migration.MigrationReport;
import dev.plinth.core.migration.SchemaInvalidException;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Applies what is missing, on a session that holds the lock. */
final class Migrate {
  private static final Logger log = LoggerFactory.getLogger(Migrate.class);

  private final Schema schema;
  private final List<Line> lines;
  private final LockPatience patience;

  Migrate(Schema schema, List<Line> lines, Duration patience) {
    this.schema = schema;
    this.lines = lines;
    this.patience = new LockPatience(patience);
  }

  MigrationReport run(Connection connection) {
    Installed before = Installed.read(connection, schema, lines);
    Findings.refuseTooNew(lines, before.changes());
    List<String> changed = Findings.changed(lines, before);
    if (!changed.isEmpty()) {
      throw new SchemaInvalidException(changed);
    }
    List<Script> pending = Findings.pending(lines, before);
    if (!pending.isEmpty()) {
      Preconditions.requireOwner(connection, schema);
      List<Line> behind =
          lines.stream().filter(line -> pending.stream().anyMatch(line::brings)).toList();
      behind.forEach(line -> new FlywayRun(connection, schema, line).refuseUnnamed());
      createSchema(connection);
      behind.forEach(line -> migrate(connection, line, before));
    }
    return new MigrationReport(pending.stream().map(Script::migration).toList(), List.of());
  }

  /** Asks first, since IF NOT EXISTS wants the right to create even when nothing is created. */
  private void createSchema(Connection connection) {
    boolean there =
        Sql.query(
                connection,
                "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ?)",
                row -> row.getBoolean(1),
                schema.name())
            .get(0);
    if (!there) {
      Sql.execute(connection, schema.render("CREATE SCHEMA IF NOT EXISTS {schema}"));
    }
  }

  private void migrate(Connection connection, Line line, Installed before) {
    new Registration(schema).enter(connection, line);
    forgetFailures(connection, line, before);
    try {
      Segment.of(Findings.pending(List.of(line), before))
          .forEach(segment -> migrate(connection, line, segment));
    } catch (FlywayException e) {
      throw failure(connection, line, e);
    } finally {
      report(connection, line, before);
    }
  }

  private void migrate(Connection connection, Line line, Segment segment) {
    FlywayRun run = new FlywayRun(connection, schema, line, Integer.toString(segment.last()));
    if (!segment.transactional()) {
      run.migrate();
      return;
    }
    try (LockTimeout timeout = LockTimeout.of(connection, LockPatience.LOCK_TIMEOUT)) {
      patience.untilLocked(
          () -> {
            try {
              run.migrate();
              return true;
            } catch (FlywayException e) {
              log.debug("Migrating {} broke off, perhaps for want of a lock", line.module(), e);
              throw e;
            }
          });
    }
  }

  /**
   * Only a script that runs outside a transaction leaves a row when it fails; such scripts are
   * written to be run again.
   */
  private void forgetFailures(Connection connection, Line line, Installed before) {
    for (Installed.Entry entry : before.entries()) {
      if (entry.module().equals(line.module()) && !entry.success()) {
        log.warn("Running {} {} again, which failed half-way", entry.module(), entry.version());
        Sql.update(
            connection,
            "DELETE FROM " + Line.quotedHistory(schema, line.module()) + " WHERE NOT success");
      }
    }
  }

  private MigrationException failure(Connection connection, Line line, FlywayException e) {
    List<Script> left = Findings.pending(List.of(line), Installed.read(connection, schema, lines));
    String which = left.isEmpty() ? line.module() : left.get(0).label();
    String cause =
        dev.plinth.core.spi.SqlStates.find(e)
            .map(sql -> "PostgreSQL reported " + sql.getSQLState() + ": " + sql.getMessage())
            .orElse(String.valueOf(e.getMessage()));
    String state =
        left.isEmpty() || left.get(0).transactional()
            ? "Nothing of it remains"
            : "It runs outside a transaction and may be half done; it can be run again";
    return new MigrationException(
        "The migration " + which + " failed. " + state + ". " + cause.strip(), e);
  }

  private void report(Connection connection, Line line, Installed before) {
    Installed after = Installed.read(connection, schema, List.of(line));
    for (Script script : Findings.pending(List.of(line), before)) {
      after
          .entry(script.module(), script.version())
          .filter(Installed.Entry::success)
          .ifPresent(
              entry -> {
                Migration migration = script.migration();
                log.info(
                    "Applied {} in {} ms, {}",
                    script.label(),
                    entry.took().toMillis(),
                    Script.lower(migration.compatibility()));
              });
    }
  }
}
