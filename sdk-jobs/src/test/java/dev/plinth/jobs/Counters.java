package dev.plinth.jobs;

import static org.awaitility.Awaitility.await;

import dev.plinth.core.spi.Sql;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * PostgreSQL's own counts of what was done to tables. The server's processes report at the latest
 * when they end, so whatever is to be counted uses a pool of its own, which is closed before.
 */
final class Counters {
  private Counters() {}

  /** Forgets what was counted so far. */
  static void reset(TestDatabase database) throws SQLException {
    awaitAllReported(database);
    try (Connection connection = database.connect()) {
      Sql.execute(connection, "SELECT pg_stat_reset()");
    }
  }

  /**
   * A sum over a table and its partitions.
   *
   * @param counted columns of {@code pg_stat_user_tables}, such as {@code n_tup_ins + n_tup_upd}
   */
  static long of(TestDatabase database, String table, String counted) throws SQLException {
    awaitAllReported(database);
    try (Connection connection = database.connect()) {
      return Sql.query(
              connection,
              """
              SELECT COALESCE(sum(%1$s), 0)
              FROM pg_stat_user_tables
              WHERE relid = 'plinth.%2$s'::regclass
                OR relid IN (SELECT relid FROM pg_partition_tree('plinth.%2$s'))
              """
                  .formatted(counted, table),
              row -> row.getLong(1))
          .get(0);
    }
  }

  /** All but the one that moves the tests' clock. */
  private static void awaitAllReported(TestDatabase database) throws SQLException {
    try (Connection connection = database.connect()) {
      await()
          .until(
              () ->
                  Sql.query(
                              connection,
                              """
                          SELECT count(*) FROM pg_stat_activity
                          WHERE datname = current_database()
                            AND backend_type = 'client backend'
                            AND pid <> pg_backend_pid()
                            AND query NOT LIKE '%plinth_test.clock%'
                          """,
                              row -> row.getLong(1))
                          .get(0)
                      == 0);
    }
  }
}
