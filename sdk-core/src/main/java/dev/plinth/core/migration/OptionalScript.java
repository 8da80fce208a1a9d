package dev.plinth.core.migration;

/**
 * A change of the schema that a host may want and no version needs. It stands outside the line of
 * migrations: whether it is applied is read from the catalogues, {@link Migrations#verify()} passes
 * either way, and a table that is made again comes without it.
 *
 * <p>Blocks; safe for use by many threads.
 */
public interface OptionalScript {
  /** How much of a script is there. */
  enum State {
    /** Nothing of it. */
    ABSENT,
    /** Some of it: it was interrupted, or tables have come since. Apply it again. */
    PARTIAL,
    /** All of it. */
    APPLIED
  }

  /** A short name, such as {@code row_level_security}. */
  String name();

  /** What it does, for people. */
  String description();

  /**
   * What {@link #apply()} would run, for a DBA to read and run statement by statement. Reads the
   * catalogues, to know which tables there are.
   */
  String sql();

  /** What {@link #remove()} would run. */
  String undoSql();

  /** How much of it is there. */
  State state();

  /**
   * Applies it under the lock of migrations, as the schema's owner. Does nothing when all of it is
   * there; what is there in part is completed.
   *
   * <p>Where it changes tables, each in a transaction of its own: the lock of a table is asked for
   * again and again, for 50 ms at a time and as long as {@code migrationLockTimeout} in all, so
   * that readers and writers pass meanwhile. What was done before a failure stays ({@link
   * State#PARTIAL}).
   *
   * @throws MigrationException when a statement fails, or others hold a lock for too long; the call
   *     can be repeated
   */
  void apply();

  /**
   * Takes back all of it that is there, table by table as {@link #apply()} does.
   *
   * @throws MigrationException as {@link #apply()}
   */
  void remove();
}
