package dev.plinth.core.migration;

import java.util.List;

/**
 * Plinth's schema: what is applied, what is not, and how to get from one to the other.
 *
 * <p>Each module has its own line of versions and its own history table in Plinth's schema.
 * Everything that changes the schema takes one session-level advisory lock first, so any number of
 * nodes may call it at once, and needs one connection, of the migration DataSource if one was
 * given. That connection must not go through PgBouncer in transaction mode. Blocks; safe for use by
 * many threads.
 */
public interface Migrations {
  /**
   * Applies what is missing, in every module, and makes partitions ahead. Does nothing when nothing
   * is missing.
   *
   * <p>Waits for other nodes for as long as the builder's {@code migrationLockTimeout} says. A role
   * that does not own the schema may call it too, as long as nothing is missing.
   *
   * @throws UnsupportedDatabaseException when the server is older than PostgreSQL 14 or the
   *     database not encoded in UTF-8; nothing was changed
   * @throws SchemaTooNewException when a newer version has applied a breaking migration
   * @throws SchemaInvalidException when an applied migration was changed since
   * @throws MigrationException when a migration fails, the role may not apply it, others hold the
   *     lock for too long, or a script lies among the migrations to apply that its module does not
   *     name (nothing was changed then); a failed migration is rolled back, unless it says that it
   *     runs outside a transaction: that one is run again by the next call
   */
  MigrationReport migrate();

  /** What {@link #migrate()} would apply, in order. */
  List<Migration> pending();

  /** What was applied, when and by whom, in order. */
  List<AppliedMigration> history();

  /**
   * What a production start calls: passes when the schema is exactly what this code needs, or newer
   * by expanding migrations only.
   *
   * @throws SchemaTooNewException when a newer version has applied a breaking migration
   * @throws SchemaInvalidException with the exact list of what is missing, changed or wrong, such
   *     as an encoding other than UTF-8 or a validation query that finds a fault
   */
  void verify();

  /**
   * The SQL that leads a module from one version to another, undo scripts if {@code to} is the
   * lower, with names filled in: for a DBA to read and run. It also enters the versions in the
   * history, so that afterwards {@link #migrate()} has nothing to do. Needs no database.
   *
   * @param module such as {@code core}
   * @param from a version, 0 for the empty schema
   * @param to a version this code knows
   */
  String sql(String module, int from, int to);

  /**
   * Takes a module back to an older version with its undo scripts, under the same lock as {@link
   * #migrate()}. Each version is undone in a transaction of its own. The schema itself stays.
   *
   * @param target the version to return to; 0 removes the module
   * @throws MigrationException when an undo script would destroy data and consent was not given,
   *     when other modules stand on core, or when this code does not know the newest version:
   *     nothing was changed then; also when an undo script fails
   */
  MigrationReport rollback(String module, int target, UndoConsent consent);

  /**
   * The statements that give an application role what it needs at run time, and nothing more: no
   * right on partitions, which are reached through their parent, nor on tables of the host's in the
   * same schema. They may be run again, and should be after each upgrade.
   *
   * @param role the role's name, quoted here as needed
   * @throws MigrationException when the schema has no table of Plinth's yet
   */
  List<String> grants(String role);

  /**
   * Scripts that a host may want and no version needs: {@code document_indexes} (GIN on {@code
   * users.settings} and {@code users.metadata}, made without blocking writers) and {@code
   * row_level_security} (policies on every table with a tenant).
   */
  List<OptionalScript> optional();

  /**
   * One of {@link #optional()}.
   *
   * @throws IllegalArgumentException when there is none of that name
   */
  OptionalScript optional(String name);
}
