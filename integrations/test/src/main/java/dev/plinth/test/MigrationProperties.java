package dev.plinth.test;

import dev.plinth.core.Plinth;
import dev.plinth.core.migration.Migration;
import dev.plinth.core.migration.Migrations;
import dev.plinth.core.migration.UndoConsent;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What must hold of every module's migrations, for the module's own tests to check:
 *
 * <pre>{@code
 * @Property(tries = 5)
 * void everyVersion_undoneAndDoneAgain_isTheSame(@ForAll long seed) {
 *   MigrationProperties.of(List.of(new ShopModule()), "shop").check(seed);
 * }
 * }</pre>
 *
 * <p>Each check makes databases of its own.
 */
public final class MigrationProperties {
  private final List<FeatureModule> modules;
  private final String module;

  private MigrationProperties(List<FeatureModule> modules, String module) {
    this.modules = List.copyOf(modules);
    this.module = module;
  }

  /**
   * Of one module's migrations.
   *
   * @param modules what stands in the database beside core, the module among them unless it is core
   * @param module the one whose versions are checked
   */
  public static MigrationProperties of(List<FeatureModule> modules, String module) {
    return new MigrationProperties(modules, module);
  }

  /**
   * Takes the module to its newest version, and from there down: at each version it fills the
   * tables with rows, undoes the version, applies it again, and undoes it once more. At every step
   * the schema must be described by the catalogues as it is after a fresh start.
   *
   * @param seed of the generated rows
   * @return how many rows each table took, so that a test may ask for some
   * @throws AssertionError with the lines that differ
   */
  public Map<String, Integer> check(long seed) {
    List<SchemaDescription> fresh = fresh();
    Map<String, Integer> filled = new TreeMap<>();
    try (TestDatabase database = TestDatabase.create(false);
        Plinth plinth = plinth(database);
        Connection connection = database.connect()) {
      Migrations migrations = plinth.migrations();
      migrations.migrate();
      for (int version = fresh.size() - 1; version > 0; version--) {
        same("at", version, fresh.get(version), SchemaDescription.of(connection, plinth.schema()));
        new GeneratedRows(plinth, seed)
            .fill(connection)
            .forEach((table, rows) -> filled.merge(table, rows, Integer::sum));
        migrations.rollback(module, version - 1, UndoConsent.DESTROY_DATA);
        same(
            "after the undo of",
            version,
            fresh.get(version - 1),
            SchemaDescription.of(connection, plinth.schema()));
        Sql.execute(connection, migrations.sql(module, version - 1, version));
        same(
            "after the repetition of",
            version,
            fresh.get(version),
            SchemaDescription.of(connection, plinth.schema()));
        migrations.rollback(module, version - 1, UndoConsent.DESTROY_DATA);
      }
      migrations.migrate();
      migrations.verify();
      return filled;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The descriptions at each version on the way up, in a schema that knows no undo. */
  private List<SchemaDescription> fresh() {
    List<SchemaDescription> descriptions = new ArrayList<>();
    try (TestDatabase database = TestDatabase.create(false);
        Plinth plinth = plinth(database);
        Connection connection = database.connect()) {
      List<Migration> pending = plinth.migrations().pending();
      int latest = 0;
      for (Migration migration : pending) {
        latest = migration.module().equals(module) ? migration.version() : latest;
      }
      for (Migration migration : pending) {
        if (!migration.module().equals(module)) {
          apply(plinth, connection, migration.module(), migration.version());
        }
      }
      descriptions.add(SchemaDescription.of(connection, plinth.schema()));
      for (int version = 1; version <= latest; version++) {
        apply(plinth, connection, module, version);
        descriptions.add(SchemaDescription.of(connection, plinth.schema()));
      }
      return descriptions;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void apply(Plinth plinth, Connection connection, String module, int version) {
    Sql.execute(connection, plinth.migrations().sql(module, version - 1, version));
  }

  private Plinth plinth(TestDatabase database) {
    return Plinth.builder().dataSource(database.pool(2)).modules(modules).build();
  }

  private void same(String when, int version, SchemaDescription fresh, SchemaDescription now) {
    if (!fresh.equals(now)) {
      List<String> lost = new ArrayList<>(fresh.lines());
      lost.removeAll(now.lines());
      List<String> left = new ArrayList<>(now.lines());
      left.removeAll(fresh.lines());
      throw new AssertionError(
          "%s %s %d the schema is not as after a fresh start.%nLost:%n%s%nLeft over:%n%s"
              .formatted(when, module, version, String.join("\n", lost), String.join("\n", left)));
    }
  }
}
