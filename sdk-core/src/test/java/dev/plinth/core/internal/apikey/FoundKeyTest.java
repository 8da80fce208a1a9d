package dev.plinth.core.internal.apikey;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

@PlinthTest
class FoundKeyTest {
  /** In a transaction and for a familiar hash; for the guesses that share a statement. */
  private static final List<String> CONDITIONS = List.of(" = ?", " = ANY (ARRAY[?])");

  @Test
  void query_isOneReadByTheHash(TestDatabase database) throws SQLException {
    String query = Schema.of("plinth").render(FoundKey.QUERY);
    try (Connection connection = database.connect()) {
      Sql.execute(connection, "SET enable_seqscan = off");
      Sql.execute(connection, "SET enable_bitmapscan = off");
      for (String condition : CONDITIONS) {
        List<String> plan =
            Sql.query(
                connection,
                "EXPLAIN " + query + condition,
                row -> row.getString(1),
                (Object) new byte[32]);

        assertThat(plan.get(0)).startsWith("Index Scan using api_keys_key_hash_key on api_keys k");
        assertThat(plan.get(1)).contains("Index Cond: (key_hash = ");
        assertThat(plan).as("nothing but that").hasSize(2);
      }
    }
  }
}
