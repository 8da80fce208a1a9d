package dev.plinth.quota;

import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

@PlinthTest
class HotUpdateTest {
  @Test
  void charge_manyTimes_updatesWithinThePage(Plinth plinth, Quotas quotas, TestDatabase database)
      throws SQLException {
    UUID user = Given.user(plinth);
    Charge charge = Charge.of("req_hour", 1).and("req_day", 1).and("storage_mb", 1);
    // A session of its own: every version of PostgreSQL publishes what it counted when it ends.
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      for (int i = 0; i < 300; i++) {
        quotas.in(plinth.join(connection)).charge(user, charge);
        connection.commit();
      }
    }

    await()
        .until(
            () ->
                Given.strings(
                    plinth,
                    """
                    SELECT concat_ws(' ', n_tup_upd, n_tup_hot_upd, n_dead_tup < 900)
                    FROM pg_stat_user_tables
                    WHERE relid = '{schema}.user_usage'::regclass
                    """),
            List.of("900 900 t")::equals);
  }
}
