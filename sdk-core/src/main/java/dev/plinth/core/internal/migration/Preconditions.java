package dev.plinth.core.internal.migration;

import dev.plinth.core.migration.MigrationException;
import dev.plinth.core.migration.UnsupportedDatabaseException;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.util.Optional;

/** What must hold of a database, and of a role in it, before anything is changed. */
final class Preconditions {
  private static final int OLDEST = 14;

  private static final String OBSTACLE =
      """
      WITH s AS (
        SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ?
      )
      SELECT obstacle FROM (SELECT CASE
          WHEN pg_is_in_recovery()
            THEN 'The server is a standby, which cannot be changed'
          WHEN current_setting('transaction_read_only') = 'on'
            THEN 'The session of role ' || current_user || ' is read-only'
          WHEN NOT EXISTS (SELECT FROM s)
            AND NOT has_database_privilege(current_database(), 'CREATE')
            THEN 'The role ' || current_user || ' may not create a schema in database '
              || current_database()
          WHEN EXISTS (SELECT FROM s WHERE NOT has_schema_privilege(s.oid, 'CREATE'))
            THEN 'The role ' || current_user || ' may not create tables in Plinth''s schema'
          WHEN EXISTS (
              SELECT FROM s JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
              WHERE c.relname LIKE 'flyway\\_history\\_%' AND c.relkind = 'r'
                AND NOT pg_has_role(c.relowner, 'USAGE'))
            THEN 'The role ' || current_user || ' does not own the tables in Plinth''s schema'
        END AS obstacle) o
      WHERE obstacle IS NOT NULL
      """;

  private Preconditions() {}

  /** Refuses what is not PostgreSQL of a supported version with UTF-8. */
  static void requireSupported(Connection connection) {
    try {
      DatabaseMetaData server = connection.getMetaData();
      if (!server.getDatabaseProductName().equals("PostgreSQL")) {
        throw new UnsupportedDatabaseException(
            "Plinth needs PostgreSQL, but the DataSource leads to "
                + server.getDatabaseProductName());
      }
      if (server.getDatabaseMajorVersion() < OLDEST) {
        throw new UnsupportedDatabaseException(
            "Plinth needs PostgreSQL "
                + OLDEST
                + " or newer, but the server has version "
                + server.getDatabaseProductVersion()
                + ": upgrade the server");
      }
    } catch (SQLException e) {
      throw new MigrationException("The server does not tell its version", e);
    }
    encodingProblem(connection)
        .ifPresent(
            problem -> {
              throw new UnsupportedDatabaseException(problem);
            });
  }

  /** A sentence about the database's encoding, unless it is UTF-8. */
  static Optional<String> encodingProblem(Connection connection) {
    String encoding =
        Sql.query(connection, "SELECT current_setting('server_encoding')", row -> row.getString(1))
            .get(0);
    return encoding.equals("UTF8")
        ? Optional.empty()
        : Optional.of(
            "Plinth needs a database encoded in UTF-8, but this one has "
                + encoding
                + ": create one with ENCODING 'UTF8' TEMPLATE template0");
  }

  /** Why this session may not change the schema, unless it may. */
  static Optional<String> obstacle(Connection connection, Schema schema) {
    return Sql.first(connection, OBSTACLE, row -> row.getString(1), schema.name());
  }

  /** Refuses a session that cannot write, or a role that may not change the schema. */
  static void requireOwner(Connection connection, Schema schema) {
    obstacle(connection, schema)
        .ifPresent(
            obstacle -> {
              throw new MigrationException(
                  obstacle
                      + ". Migrations run as the schema's owner: give one with"
                      + " Plinth.builder().migrationDataSource(…)",
                  null);
            });
  }
}
