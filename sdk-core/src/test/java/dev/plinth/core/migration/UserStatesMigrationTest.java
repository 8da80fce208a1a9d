package dev.plinth.core.migration;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.IssuedKey;
import dev.plinth.core.apikey.KeyAuthentication;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Users, keys and sessions that were there before come to carry the state, while others write. */
@Timeout(300)
class UserStatesMigrationTest {
  private static final int BEFORE = 12;
  private static final int USERS = 200;

  private static final String WRONG =
      """
      SELECT count(*)
      FROM plinth.users u
      LEFT JOIN plinth.user_states s ON s.user_id = u.id
      LEFT JOIN plinth.api_keys k ON k.user_id = u.id
      LEFT JOIN plinth.sessions i ON i.user_id = u.id
      WHERE s.is_active IS DISTINCT FROM u.is_active
        OR k.user_is_active <> u.is_active
        OR i.user_is_active <> u.is_active
      """;

  private static final String NEW_USER =
      "INSERT INTO plinth.users (id, external_id) VALUES (?, gen_random_uuid()::text)";

  private static final String LOG_IN =
      """
      INSERT INTO plinth.sessions (id, user_id, token_hash, idle_timeout, idle_expires_at, expires_at)
      SELECT gen_random_uuid(), id, sha256(gen_random_uuid()::text::bytea), interval '1 hour',
             now() + interval '1 hour', now() + interval '1 day'
      FROM plinth.users
      WHERE id = ? AND is_active
      FOR SHARE
      """;

  private static final String SWITCH =
      "UPDATE plinth.users SET is_active = NOT is_active, deactivated_at = NULL WHERE id = ?";

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private TestDatabase database;

  @BeforeEach
  void create() {
    database = TestDatabase.create(false);
  }

  @AfterEach
  void drop() {
    threads.shutdownNow();
    database.close();
  }

  @Test
  void migrate_whileOldNodesCreateLogInAndSwitchUsers_everyRowHasItsUsersState() throws Exception {
    try (HikariDataSource pool = database.pool(8);
        Plinth plinth = database.plinth(pool).build()) {
      plinth.migrations().migrate();
      List<IssuedKey> keys = new ArrayList<>();
      List<UUID> users = new ArrayList<>();
      for (int i = 0; i < USERS; i++) {
        UUID user = plinth.users().create(NewUser.withExternalId("u" + i)).id();
        users.add(user);
        keys.add(plinth.apiKeys().issue(NewApiKey.of(KeyOwner.user(user), "k")));
      }
      plinth.migrations().rollback("core", BEFORE, UndoConsent.KEEP_DATA);
      try (Connection connection = database.connect()) {
        for (int i = 0; i < USERS; i += 2) {
          Sql.update(connection, SWITCH, users.get(i));
        }
      }

      AtomicBoolean over = new AtomicBoolean();
      AtomicLong writes = new AtomicLong();
      List<Future<?>> writers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        List<UUID> mine = users.subList(USERS - 30 + 10 * i, USERS - 20 + 10 * i);
        writers.add(CompletableFuture.runAsync(() -> write(mine, over, writes), threads));
      }
      while (writes.get() < 100) {
        Thread.onSpinWait();
      }
      plinth.migrations().migrate();
      long during = writes.get();
      while (writes.get() < during + 100) {
        Thread.onSpinWait();
      }
      over.set(true);
      for (Future<?> writer : writers) {
        writer.get();
      }

      plinth.migrations().verify();
      try (Connection connection = database.connect()) {
        assertThat(Sql.query(connection, WRONG, row -> row.getLong(1))).containsExactly(0L);
        assertThat(
                Sql.query(
                    connection,
                    "SELECT count(*) FROM plinth.sessions WHERE NOT user_is_active",
                    row -> row.getLong(1)))
            .singleElement()
            .isNotEqualTo(0L);
      }
      for (int i = 0; i < USERS - 30; i++) {
        assertThat(plinth.apiKeys().authenticate(keys.get(i).reveal()))
            .isInstanceOf(
                i % 2 == 0 ? KeyAuthentication.OwnerInactive.class : KeyAuthentication.Valid.class);
      }
    }
  }

  /** What nodes do that know nothing of states. */
  private void write(List<UUID> users, AtomicBoolean over, AtomicLong writes) {
    try (Connection connection = database.connect()) {
      for (int i = 0; !over.get(); i++) {
        UUID user = users.get(i % users.size());
        Sql.update(connection, LOG_IN, user);
        Sql.update(connection, SWITCH, user);
        UUID fresh = UUID.randomUUID();
        Sql.update(connection, NEW_USER, fresh);
        Sql.update(connection, LOG_IN, fresh);
        if (i % 2 == 0) {
          Sql.update(connection, "DELETE FROM plinth.users WHERE id = ?", fresh);
        }
        writes.incrementAndGet();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
