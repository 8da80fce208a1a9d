package dev.plinth.core.internal.migration;

import dev.plinth.core.internal.LockPatience;
import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.migration.MigrationReport;
import dev.plinth.core.migration.UndoConsent;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.DatabaseException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes a module back, version by version, on a session that holds our lock. */
final class Undo {
  private static final Logger log = LoggerFactory.getLogger(Undo.class);
  private static final String CORE = "core";

  private final Schema schema;
  private final List<Line> lines;
  private final Line line;
  private final int target;

  Undo(Schema schema, List<Line> lines, Line line, int target) {
    this.schema = schema;
    this.lines = lines;
    this.line = line;
    this.target = Args.range(target, 0, line.latest(), "target");
  }

  /**
   * Undoes under Flyway's own lock on the history table as well, so that a Flyway which somebody
   * else runs on it stays out.
   */
  MigrationReport run(Connection connection, UndoConsent consent, Duration patience) {
    Installed installed = Installed.read(connection, schema, lines);
    Findings.refuseTooNew(lines, installed.changes());
    List<Script> scripts = scripts(installed);
    refuse(installed, scripts, consent);
    if (scripts.isEmpty()) {
      return new MigrationReport(List.of(), List.of());
    }
    Preconditions.requireOwner(connection, schema);
    SchemaLock flyway = SchemaLock.ofFlyway(schema, line.module(), patience);
    flyway.acquire(connection);
    try {
      // As when migrating: nobody is to queue behind a request for a lock.
      LockPatience locks = new LockPatience(patience);
      try (LockTimeout timeout = LockTimeout.of(connection, LockPatience.LOCK_TIMEOUT)) {
        for (Script script : scripts) {
          locks.untilLocked(
              () -> {
                undo(connection, script);
                return true;
              });
        }
      }
      if (target == 0) {
        Sql.execute(connection, "DROP TABLE " + Line.quotedHistory(schema, line.module()));
      }
    } finally {
      flyway.release(connection);
    }
    return new MigrationReport(List.of(), scripts.stream().map(Script::migration).toList());
  }

  /** The statements that take a migration out of both accounts of what was applied. */
  static String forget(Schema schema, Line line, Script script) {
    String history =
        "DELETE FROM %s WHERE version = '%d';\n"
            .formatted(Line.quotedHistory(schema, script.module()), script.version());
    return script.module().equals(CORE) && script.version() == 1
        ? history
        : history
            + "DELETE FROM %s.schema_changes WHERE module = '%s' AND version = %d;\n"
                .formatted(schema.quoted(), script.module(), script.version())
            + new Registration(schema).leave(line);
  }

  private List<Script> scripts(Installed installed) {
    List<Script> scripts = new ArrayList<>();
    for (int version = line.latest(); version > target; version--) {
      if (installed.isApplied(line.script(version))) {
        scripts.add(line.script(version));
      }
    }
    return scripts;
  }

  private void refuse(Installed installed, List<Script> scripts, UndoConsent consent) {
    if (installed.version(line.module()) > line.latest()) {
      throw new MigrationException(
          "The module "
              + line.module()
              + " stands at version "
              + installed.version(line.module())
              + ", whose way back this code does not know: roll it back with the version of Plinth"
              + " that brought it",
          null);
    }
    List<String> others =
        installed.changes().stream()
            .map(Installed.Change::module)
            .filter(module -> !module.equals(CORE))
            .distinct()
            .sorted()
            .toList();
    if (line.module().equals(CORE) && !scripts.isEmpty() && !others.isEmpty()) {
      throw new MigrationException(
          "Core cannot be rolled back while other modules stand on it: roll back "
              + String.join(", ", others)
              + " to 0 first",
          null);
    }
    List<String> destroying =
        scripts.stream()
            .filter(script -> script.header().undoDestroysData())
            .map(Script::label)
            .toList();
    if (consent != UndoConsent.DESTROY_DATA && !destroying.isEmpty()) {
      throw new MigrationException(
          "The way back destroys data, in the undo of "
              + String.join(", ", destroying)
              + ": take a backup, and consent with UndoConsent.DESTROY_DATA",
          null);
    }
  }

  private void undo(Connection connection, Script script) {
    long started = System.nanoTime();
    try {
      connection.setAutoCommit(false);
      try {
        Sql.execute(connection, script.undoSql(schema));
        Sql.execute(connection, forget(schema, line, script));
        connection.commit();
      } catch (SQLException | RuntimeException e) {
        connection.rollback();
        throw e;
      } finally {
        connection.setAutoCommit(true);
      }
    } catch (SQLException | DatabaseException e) {
      throw new MigrationException(
          "The undo of " + script.label() + " failed, and nothing of it remains: " + e.getMessage(),
          e);
    }
    log.info("Undid {} in {} ms", script.label(), (System.nanoTime() - started) / 1_000_000);
  }
}
