package dev.plinth.core.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.KeyAuthentication;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.internal.token.TokenText;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a look-up costs, by PostgreSQL's own count of scans. */
@PlinthTest
class IndexedReadTest {
  private static final int LOOK_UPS = 20;

  private final TestDatabase database;

  IndexedReadTest(TestDatabase database) {
    this.database = database;
  }

  @Test
  void goodAndWrongTokens_areOneReadByTheHash_malformedNone() throws SQLException {
    String key;
    String session;
    try (HikariDataSource pool = database.pool(2);
        Plinth plinth = database.plinth(pool).build()) {
      UUID ada = plinth.users().create(NewUser.withExternalId("ada")).id();
      key = plinth.apiKeys().issue(NewApiKey.of(KeyOwner.user(ada), "k")).reveal();
      session = plinth.sessions().start(NewSession.of(ada)).revealToken();
      plinth.transact(tx -> fill(tx.connection()));
    }
    try (Connection connection = database.connect()) {
      Sql.execute(connection, "ANALYZE plinth.users");
      Sql.execute(connection, "ANALYZE plinth.api_keys");
      Sql.execute(connection, "ANALYZE plinth.sessions");
      Sql.execute(connection, "SELECT pg_stat_reset()");
    }

    // The server's processes report what they did at the latest when they end.
    try (HikariDataSource pool = database.pool(2);
        Plinth plinth = database.plinth(pool).build()) {
      SecureRandom random = new SecureRandom();
      for (int i = 0; i < LOOK_UPS; i++) {
        assertThat(plinth.apiKeys().authenticate(key)).isInstanceOf(KeyAuthentication.Valid.class);
        assertThat(plinth.sessions().authenticate(session))
            .isInstanceOf(SessionAuthentication.Active.class);
        assertThat(plinth.apiKeys().authenticate(TokenText.mint("key", random)))
            .isEqualTo(new KeyAuthentication.Unknown());
        assertThat(plinth.apiKeys().authenticate("key_" + i))
            .isEqualTo(new KeyAuthentication.Unknown());
        assertThat(plinth.sessions().authenticate("session_" + i))
            .isEqualTo(new SessionAuthentication.Unknown());
      }
    }

    await()
        .untilAsserted(
            () ->
                assertThat(scans())
                    .containsEntry("api_keys_key_hash_key", 2L * LOOK_UPS)
                    .containsEntry("sessions_token_hash_key", (long) LOOK_UPS)
                    .containsEntry("users_inactive_idx", 0L)
                    .containsEntry("user_states_pkey", 0L)
                    .containsEntry("user_states_user_id_is_active_key", 0L)
                    .containsEntry("users_pkey", 0L)
                    .containsEntry("whole tables", 0L));
  }

  /** Enough that no plan prefers to read a table as a whole. */
  private static void fill(Connection connection) {
    Sql.execute(
        connection,
        """
        INSERT INTO plinth.users (id, external_id)
        SELECT gen_random_uuid(), 'u' || n FROM generate_series(1, 3000) n
        """);
    Sql.execute(
        connection,
        """
        INSERT INTO plinth.api_keys
          (id, user_id, owner_type, owner_id, name, prefix, key_hash, scopes)
        SELECT gen_random_uuid(), id, 'user', id::text, 'k', 'key_xxxx', sha256(id::text::bytea), '{}'
        FROM plinth.users WHERE external_id LIKE 'u%'
        """);
    Sql.execute(
        connection,
        """
        INSERT INTO plinth.sessions
          (id, user_id, token_hash, idle_timeout, idle_expires_at, expires_at)
        SELECT gen_random_uuid(), id, sha256(id::text::bytea), interval '1 hour',
               now() + interval '1 hour', now() + interval '1 day'
        FROM plinth.users WHERE external_id LIKE 'u%'
        """);
  }

  private Map<String, Long> scans() throws SQLException {
    Map<String, Long> scans = new TreeMap<>();
    try (Connection connection = database.connect()) {
      Sql.query(
              connection,
              """
          SELECT indexrelname, idx_scan
          FROM pg_stat_user_indexes
          WHERE schemaname = 'plinth'
          UNION ALL
          SELECT 'whole tables', sum(seq_scan)
          FROM pg_stat_user_tables
          WHERE schemaname = 'plinth' AND relname IN ('users', 'api_keys', 'sessions')
          """,
              row -> Map.entry(row.getString(1), row.getLong(2)))
          .forEach(entry -> scans.put(entry.getKey(), entry.getValue()));
    }
    return scans;
  }
}
