package dev.plinth.core.internal.tx;

import java.sql.Connection;
import java.sql.SQLException;

/** What a transaction of Plinth's own may do, and how it commits. */
public interface Kind {
  /** Reads and writes. */
  Kind ORDINARY = new Kind() {};

  /** Only reads; the driver says so with the BEGIN. */
  Kind READ_ONLY =
      new Kind() {
        @Override
        public boolean begin(Connection connection) throws SQLException {
          if (connection.isReadOnly()) {
            return false;
          }
          connection.setReadOnly(true);
          return true;
        }
      };

  /** Prepares a connection on which nothing has begun; true when it must be made writable again. */
  default boolean begin(Connection connection) throws SQLException {
    return false;
  }

  /** Commits. */
  default void commit(Connection connection) throws SQLException {
    connection.commit();
  }

  /** True when the commit may have happened although this was thrown over a live connection. */
  default boolean isDoubtful(SQLException failure) {
    return false;
  }
}
