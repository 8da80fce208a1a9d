package dev.plinth.core.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;

/** The trigger function that hosts may put on their own tables. */
@PlinthTest
class UpdatedAtTest {
  @Test
  void trigger_onAHostsTableByARoleThatOwnsNothingOfOurs_setsUpdatedAtOnUpdate(
      Plinth plinth, TestDatabase database) throws SQLException {
    String role = "host_" + Long.toHexString(System.nanoTime());
    try (Connection connection = database.connect()) {
      Sql.execute(connection, "CREATE ROLE " + role);
      plinth.migrations().grants(role).forEach(grant -> Sql.execute(connection, grant));
      Sql.execute(connection, "CREATE SCHEMA shop AUTHORIZATION " + role);
      try {
        Sql.execute(connection, "SET ROLE " + role);
        Sql.execute(
            connection,
            """
            CREATE TABLE shop.wares (name text, updated_at timestamptz NOT NULL DEFAULT '2000-01-01Z');
            CREATE TRIGGER wares_updated_at BEFORE UPDATE ON shop.wares
              FOR EACH ROW EXECUTE FUNCTION plinth.update_updated_at_column();
            INSERT INTO shop.wares (name) VALUES ('a'), ('b');
            """);
        assertThat(updatedAt(connection, "a")).isEqualTo("2000-01-01T00:00:00Z");

        Sql.update(connection, "UPDATE shop.wares SET name = 'c' WHERE name = 'a'");
        Instant first = updatedAt(connection, "c");
        assertThat(first).isCloseTo(Instant.now(), within(1, ChronoUnit.MINUTES));
        assertThat(updatedAt(connection, "b")).isEqualTo("2000-01-01T00:00:00Z");

        // What the statement itself sets does not count.
        Sql.update(connection, "UPDATE shop.wares SET updated_at = '2001-01-01Z' WHERE name = 'c'");
        assertThat(updatedAt(connection, "c")).isAfter(first);
      } finally {
        Sql.execute(connection, "RESET ROLE");
        Sql.execute(connection, "DROP OWNED BY " + role);
        Sql.execute(connection, "DROP ROLE " + role);
      }
    }
  }

  private static Instant updatedAt(Connection connection, String name) {
    return Sql.query(
            connection,
            "SELECT updated_at FROM shop.wares WHERE name = ?",
            row -> row.getObject(1, OffsetDateTime.class).toInstant(),
            name)
        .get(0);
  }
}
