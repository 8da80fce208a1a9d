package dev.plinth.core.diagnostics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.OwnServer;
import dev.plinth.test.PostgresBinaries;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A server that counts statements: it must load a library for that when it starts. */
class SlowStatementsTest {
  private static final String LIBRARY = "pg_stat_statements";

  @Test
  void slowStatements_areMissingWithoutTheExtensionAndListedWithIt() throws SQLException {
    assumeTrue(PostgresBinaries.embedded().haveLibrary(LIBRARY), "The binaries have no " + LIBRARY);
    try (OwnServer server = OwnServer.create(Map.of("shared_preload_libraries", LIBRARY));
        TestDatabase database = server.createDatabase();
        HikariDataSource pool = database.pool(2);
        Plinth plinth = database.plinth(pool).build();
        Connection host = database.connect();
        Connection elsewhere = server.connect("postgres")) {
      Diagnostics without = plinth.diagnostics();
      assertThat(without.slowStatements()).isEmpty();
      assertThat(without.missing())
          .singleElement()
          .satisfies(text -> assertThat(text).contains(LIBRARY + " is not installed"));

      Sql.execute(host, "CREATE SCHEMA \"Any \"\"where\"");
      Sql.execute(host, "CREATE EXTENSION " + LIBRARY + " SCHEMA \"Any \"\"where\"");
      Sql.execute(host, "CREATE ROLE counted PASSWORD 'not to be told'");
      for (int i = 0; i < 3; i++) {
        Sql.query(host, "SELECT n, pg_sleep(0.1) FROM generate_series(1, 2) n", row -> true);
        Sql.query(elsewhere, "SELECT pg_sleep(0.1) AS elsewhere", row -> true);
      }
      Diagnostics with = plinth.diagnostics();

      assertThat(with.missing()).isEmpty();
      assertThat(with.slowStatements().get(0))
          .satisfies(
              slowest -> {
                assertThat(slowest.text())
                    .isEqualTo("SELECT n, pg_sleep($1) FROM generate_series($2, $3) n");
                assertThat(slowest.calls()).isEqualTo(3);
                assertThat(slowest.rows()).isEqualTo(6);
                assertThat(slowest.total())
                    .isBetween(Duration.ofMillis(600), Duration.ofMinutes(1));
                assertThat(slowest.mean())
                    .isBetween(Duration.ofMillis(200), slowest.total().dividedBy(2));
              });
      assertThat(with.slowStatements())
          .extracting(Diagnostics.Statement::text)
          .as("neither another database's nor what may hold a password")
          .noneMatch(text -> text.contains("elsewhere") || text.contains("ROLE"));
    }
  }
}
