package dev.plinth.core.internal.read;

import dev.plinth.core.internal.tx.Kind;
import dev.plinth.core.read.LogPosition;
import dev.plinth.core.spi.Args;
import dev.plinth.core.spi.SqlStates;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/**
 * Commits and asks for the log's position in one round trip: the driver sends both statements
 * together. What is inserted by then includes the commit, whatever {@code synchronous_commit} is.
 */
final class PositionedCommit implements Kind {
  /** A file's name begins with the timeline; it is only to be had on a primary. */
  static final String POSITION =
      """
      SELECT i.lsn::text, pg_catalog.pg_walfile_name(i.lsn)
      FROM (SELECT pg_catalog.pg_current_wal_insert_lsn() AS lsn) i
      """;

  private final String system;
  private @Nullable LogPosition position;

  PositionedCommit(String system) {
    this.system = system;
  }

  LogPosition position() {
    return Args.notNull(position, "position");
  }

  @Override
  public void commit(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean rows = statement.execute("COMMIT;\n" + POSITION);
      while (!rows) {
        rows = statement.getMoreResults();
      }
      try (ResultSet row = statement.getResultSet()) {
        row.next();
        position = read(system, row);
      }
    }
    // Sends nothing, since nothing is open; tells a pool's wrapper that there is nothing to undo.
    connection.commit();
  }

  /** Only these states say that it was the COMMIT that failed. */
  @Override
  public boolean isDoubtful(SQLException failure) {
    return !SqlStates.isRetryable(failure)
        && SqlStates.of(failure).filter(state -> state.startsWith("23")).isEmpty();
  }

  static LogPosition read(String system, ResultSet row) throws SQLException {
    return LogPosition.of(
        system, Long.parseLong(row.getString(2).substring(0, 8), 16), row.getString(1));
  }
}
