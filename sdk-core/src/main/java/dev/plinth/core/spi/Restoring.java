package dev.plinth.core.spi;

import dev.plinth.core.id.UuidV7;
import dev.plinth.core.restore.RestoreOptions;
import dev.plinth.core.restore.RestoreReport;
import java.sql.Connection;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A restored database while a module makes it safe: one transaction of the schema's owner, in which
 * no instance is alive. Used by one thread.
 *
 * <p>Numbers that tell an old claim from a new one (fences, epochs, versions) must not be handed
 * out twice, and those of the time that was lost are unknown: so each is raised by more than could
 * have been handed out in it.
 */
public interface Restoring {
  /** By how much fences and versions of type {@code bigint} are raised. */
  long FENCES_SKIPPED = 1L << 40;

  /** By how much epochs of type {@code integer} are raised; enough for two thousand restores. */
  int EPOCHS_SKIPPED = 1 << 20;

  /** What the operator asked for. */
  RestoreOptions options();

  /** The connection, in the transaction. */
  Connection connection();

  /** The schema. */
  Schema schema();

  /** Mints ids for rows. */
  UuidV7 ids();

  /**
   * Runs a statement with <code>{schema}</code> and <code>{now}</code> in it, and reports how many
   * rows it changed.
   *
   * @param what in words, for the report
   */
  void change(String what, String sql, @Nullable Object... parameters);

  /**
   * Has the sequence of a column of type {@code bigint} go on beyond what is in the table and what
   * was handed out in the time that was lost.
   */
  void moveOn(String table, String column);

  /** Reports a change that was made in another way. */
  void report(String what, long rows);

  /**
   * Has something done with the report when every module has had its turn, still in the
   * transaction; its problems are not known then.
   */
  void atEnd(Consumer<RestoreReport> action);
}
