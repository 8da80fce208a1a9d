package dev.plinth.core.internal.migration;

import dev.plinth.core.PlinthException;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The session's {@code lock_timeout}, changed until closed. */
final class LockTimeout implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LockTimeout.class);

  private final Connection connection;
  private final String before;

  private LockTimeout(Connection connection, String before) {
    this.connection = connection;
    this.before = before;
  }

  static LockTimeout of(Connection connection, String timeout) {
    String before =
        Sql.query(
                connection,
                "SELECT pg_catalog.current_setting('lock_timeout')",
                row -> row.getString(1))
            .get(0);
    LockTimeout changed = new LockTimeout(connection, before);
    changed.set(timeout);
    return changed;
  }

  private void set(String timeout) {
    Sql.query(
        connection, "SELECT pg_catalog.set_config('lock_timeout', ?, false)", row -> true, timeout);
  }

  @Override
  public void close() {
    try {
      set(before);
    } catch (PlinthException e) {
      log.debug("A session that is lost keeps its lock_timeout", e);
    }
  }
}
