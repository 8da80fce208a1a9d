package dev.plinth.core.internal.migration;

import dev.plinth.core.health.Health;
import dev.plinth.core.internal.Settings;
import dev.plinth.core.internal.partition.RangePartitions;
import dev.plinth.core.migration.AppliedMigration;
import dev.plinth.core.migration.Migration;
import dev.plinth.core.migration.MigrationReport;
import dev.plinth.core.migration.Migrations;
import dev.plinth.core.migration.OptionalScript;
import dev.plinth.core.migration.SchemaInvalidException;
import dev.plinth.core.migration.UndoConsent;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Schema;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Opens a session for each use case and takes the lock where the schema changes; the use cases
 * stand beside it, one class each. Scripts are read when first needed.
 */
public final class FlywayMigrations implements Migrations {
  private record Migrated(MigrationReport report, boolean partitioned) {}

  private final Settings settings;
  private final Schema schema;
  private final List<FeatureModule> modules;
  private final RangePartitions partitions;
  private volatile @Nullable List<Line> lines;

  /** Reads nothing and opens nothing. */
  public FlywayMigrations(
      Settings settings, List<FeatureModule> modules, RangePartitions partitions) {
    this.settings = settings;
    this.schema = settings.schema();
    this.modules = modules;
    this.partitions = partitions;
  }

  @Override
  public MigrationReport migrate() {
    Migrated migrated =
        changing(
            connection -> {
              MigrationReport report = new Migrate(schema, lines(), patience()).run(connection);
              boolean owner = Preconditions.obstacle(connection, schema).isEmpty();
              if (owner) {
                Registration registration = new Registration(schema);
                lines().forEach(line -> registration.enter(connection, line));
                partitions.ensureAhead(connection);
              }
              return new Migrated(report, owner);
            });
    if (!migrated.partitioned()) {
      // An application role that found nothing to migrate makes partitions in its own way.
      partitions.ensureAhead();
    }
    return migrated.report();
  }

  @Override
  public List<Migration> pending() {
    return reading(
        connection ->
            Findings.pending(lines(), Installed.read(connection, schema, lines())).stream()
                .map(Script::migration)
                .toList());
  }

  @Override
  public List<AppliedMigration> history() {
    return reading(
        connection -> {
          Installed installed = Installed.read(connection, schema, lines());
          List<AppliedMigration> history = new ArrayList<>();
          for (Installed.Change change : installed.changes()) {
            installed
                .entry(change.module(), change.version())
                .ifPresent(entry -> history.add(applied(change, entry)));
          }
          return List.copyOf(history);
        });
  }

  @Override
  public void verify() {
    reading(
        connection -> {
          new Verify(schema, lines(), extras()).run(connection);
          return true;
        });
  }

  @Override
  public String sql(String module, int from, int to) {
    return new Print(schema, line(module)).sql(from, to);
  }

  @Override
  public MigrationReport rollback(String module, int target, UndoConsent consent) {
    Args.notNull(consent, "consent");
    Undo undo = new Undo(schema, lines(), line(module), target);
    return changing(connection -> undo.run(connection, consent, patience()));
  }

  @Override
  public List<String> grants(String role) {
    Args.utf8(Args.text(role, 63, "role"), 63, "role");
    return reading(connection -> new Grants(schema, lines()).to(connection, role));
  }

  @Override
  public List<OptionalScript> optional() {
    return extras().stream().map(this::onDatabase).toList();
  }

  @Override
  public OptionalScript optional(String name) {
    Args.text(name, 100, "name");
    List<OptionalScript> all = optional();
    return all.stream()
        .filter(script -> script.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "name must be one of "
                        + String.join(", ", all.stream().map(OptionalScript::name).toList())));
  }

  private OptionalScript onDatabase(Extra extra) {
    return new AppliedExtra(
        extra,
        new AppliedExtra.Session() {
          @Override
          public <T> T work(Function<Connection, T> work) {
            return reading(work);
          }
        },
        new AppliedExtra.Session() {
          @Override
          public <T> T work(Function<Connection, T> work) {
            return changing(
                connection -> {
                  Preconditions.requireOwner(connection, schema);
                  return work.apply(connection);
                });
          }
        },
        patience());
  }

  private List<Extra> extras() {
    return Extras.of(schema, modules, lines());
  }

  /**
   * What a start needs, seen with the application's own role: the schema is there, lacks nothing,
   * and no newer version has changed it so that this code cannot work with it.
   *
   * @throws dev.plinth.core.migration.SchemaTooNewException when one has
   * @throws SchemaInvalidException when the schema, a migration in it, or the registration of a
   *     partitioned table, is missing
   * @throws IllegalStateException when row-level security binds this role and the builder was not
   *     told of it
   */
  public void refuseTooNew() {
    try (SchemaSession session = SchemaSession.ofApplication(settings)) {
      List<Installed.Change> changes = Installed.changes(session.connection(), schema);
      Findings.refuseTooNew(lines(), changes);
      List<String> missing = Findings.missing(lines(), changes);
      if (!missing.isEmpty()) {
        throw new SchemaInvalidException(missing);
      }
      List<String> unregistered = new Registration(schema).missing(session.connection(), lines());
      if (!unregistered.isEmpty()) {
        throw new SchemaInvalidException(unregistered);
      }
      if (!settings.rowLevelSecurity() && RowLevelSecurity.binds(session.connection(), schema)) {
        throw new IllegalStateException(
            "Row-level security is in use and binds this node's database role, but this Plinth was"
                + " built without rowLevelSecurity() and would find no tenant's rows: call"
                + " Plinth.builder().rowLevelSecurity()");
      }
    }
  }

  /**
   * Works on one connection of the schema's owner, in auto-commit mode, under the schema's lock.
   */
  public <T> T asOwner(Function<Connection, T> work) {
    return changing(
        connection -> {
          Preconditions.requireOwner(connection, schema);
          return work.apply(connection);
        });
  }

  /** Where each module's schema stands, seen over a connection of the application's. */
  public List<Health.Schema> state(Connection connection) {
    List<Installed.Change> changes = Installed.changes(connection, schema);
    return lines().stream().map(line -> Findings.state(line, changes)).toList();
  }

  private static AppliedMigration applied(Installed.Change change, Installed.Entry entry) {
    return new AppliedMigration(
        change.module(),
        change.version(),
        entry.description(),
        change.appliedAt(),
        change.by(),
        entry.took());
  }

  private <T> T reading(Function<Connection, T> work) {
    try (SchemaSession session = SchemaSession.ofOwner(settings)) {
      return work.apply(session.connection());
    }
  }

  private <T> T changing(Function<Connection, T> work) {
    try (SchemaSession session = SchemaSession.ofOwner(settings)) {
      Preconditions.requireSupported(session.connection());
      session.lock(SchemaLock.of(schema, patience()));
      return work.apply(session.connection());
    }
  }

  private Duration patience() {
    return settings.migrationLockTimeout();
  }

  private Line line(String module) {
    Args.text(module, 30, "module");
    return lines().stream()
        .filter(line -> line.module().equals(module))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "module must be one of "
                        + String.join(", ", modules.stream().map(FeatureModule::name).toList())));
  }

  private List<Line> lines() {
    List<Line> known = lines;
    if (known == null) {
      known = modules.stream().map(Line::of).toList();
      lines = known;
    }
    return known;
  }
}
