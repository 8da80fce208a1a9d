package dev.plinth.core.internal.partition;

import dev.plinth.core.internal.LockPatience;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Detaches and drops partitions of one table, on a connection of the owner in auto-commit mode.
 *
 * <p>Each step can be the last before a crash, and the next call goes on from there: a partition is
 * marked, by its comment, before it is detached; a detach left half-way is finalized; a marked
 * table that is no partition any more is dropped. One that somebody else detached has no mark and
 * stays; or it has one, when the crash came before the detach, but lacks the CHECK on its range
 * that DETACH CONCURRENTLY leaves and a plain DETACH does not.
 */
final class Drop {
  private static final Logger log = LoggerFactory.getLogger(Drop.class);
  private static final String MARK = "Plinth is dropping this partition";

  private static final String MARKED =
      """
      SELECT c.relname, EXISTS (
          SELECT FROM pg_catalog.pg_constraint k
          WHERE k.conrelid = c.oid
            AND k.contype = 'c'
            AND pg_catalog.pg_get_constraintdef(k.oid) ~ '>= ''[0-9a-f-]{36}''::uuid.*< ''[0-9a-f-]{36}''::uuid')
        AS is_ours
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ?
        AND c.relkind = 'r'
        AND NOT c.relispartition
        AND pg_catalog.obj_description(c.oid, 'pg_class') = ?
      ORDER BY c.relname
      """;

  /** A table that was marked when it was a partition, and whether it was detached for dropping. */
  private record Marked(String name, boolean isOurs) {}

  private final Schema schema;
  private final String table;
  private final LockPatience patience;

  Drop(Schema schema, String table, LockPatience patience) {
    this.schema = schema;
    this.table = table;
    this.patience = patience;
  }

  /** The names of those dropped; none when another node is at it. */
  List<String> before(Connection connection, Instant before) {
    if (!advisoryLock(connection, "pg_try_advisory_lock")) {
      return List.of();
    }
    try {
      Sql.execute(connection, "SET lock_timeout = '50ms'");
      for (Attached.Child child : Attached.of(connection, schema, table)) {
        if (child.detaching() || !child.partition().to().isAfter(before)) {
          detach(connection, child);
        }
      }
      return dropMarked(connection);
    } finally {
      Sql.execute(connection, "RESET lock_timeout");
      advisoryLock(connection, "pg_advisory_unlock");
    }
  }

  private void detach(Connection connection, Attached.Child child) {
    String name = child.partition().name();
    String alter = "ALTER TABLE " + qualified(table) + " DETACH PARTITION " + qualified(name);
    if (child.detaching()
        || !patience.untilLocked(() -> concurrently(connection, name, alter + " CONCURRENTLY"))) {
      execute(connection, alter + " FINALIZE");
    }
  }

  /**
   * False when the detach stopped half-way. One that did not begin takes the mark back: somebody
   * may yet detach the partition in order to keep it.
   */
  private boolean concurrently(Connection connection, String name, String detach) {
    Sql.execute(connection, comment(name, "'" + MARK + "'"));
    try {
      Sql.execute(connection, detach);
      return true;
    } catch (RuntimeException e) {
      if (!halfDetached(connection, name, e)) {
        throw e;
      }
      log.debug("Detaching {} is half done and will be finalized", name, e);
      return false;
    }
  }

  private boolean halfDetached(Connection connection, String name, RuntimeException failure) {
    try {
      boolean half =
          Attached.of(connection, schema, table).stream()
              .anyMatch(child -> child.detaching() && child.partition().name().equals(name));
      if (!half) {
        execute(connection, comment(name, "NULL"));
      }
      return half;
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
      return false;
    }
  }

  private String comment(String name, String text) {
    return "COMMENT ON TABLE " + qualified(name) + " IS " + text;
  }

  private List<String> dropMarked(Connection connection) {
    Pattern name = Pattern.compile(Pattern.quote(table) + "_p\\d{6}(\\d{2})?");
    List<String> dropped = new ArrayList<>();
    for (Marked child : Sql.query(connection, MARKED, Drop::marked, schema.name(), MARK)) {
      if (!name.matcher(child.name()).matches()) {
        continue;
      }
      if (child.isOurs()) {
        execute(connection, "DROP TABLE " + qualified(child.name()));
        log.info("Dropped the partition {}", child.name());
        dropped.add(child.name());
      } else {
        // Kept for good: from now on it is a table like any other.
        execute(connection, comment(child.name(), "NULL"));
        log.warn(
            "The partition {} was to be dropped, but somebody detached it first: it is kept",
            child.name());
      }
    }
    return List.copyOf(dropped);
  }

  private void execute(Connection connection, String sql) {
    patience.untilLocked(
        () -> {
          Sql.execute(connection, sql);
          return true;
        });
  }

  private boolean advisoryLock(Connection connection, String function) {
    return Sql.query(
            connection,
            "SELECT pg_catalog." + function + "(pg_catalog.hashtextextended(?, 0))",
            row -> row.getBoolean(1),
            "plinth partitions of " + qualified(table))
        .get(0);
  }

  private String qualified(String name) {
    return schema.quoted() + ".\"" + name.replace("\"", "\"\"") + '"';
  }

  private static Marked marked(ResultSet row) throws SQLException {
    return new Marked(row.getString("relname"), row.getBoolean("is_ours"));
  }
}
