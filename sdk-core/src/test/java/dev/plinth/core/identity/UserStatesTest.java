package dev.plinth.core.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.plinth.core.Plinth;
import dev.plinth.core.apikey.IssuedKey;
import dev.plinth.core.apikey.KeyAuthentication;
import dev.plinth.core.apikey.KeyAuthentication.OwnerInactive;
import dev.plinth.core.apikey.KeyOwner;
import dev.plinth.core.apikey.NewApiKey;
import dev.plinth.core.session.NewSession;
import dev.plinth.core.session.SessionAuthentication;
import dev.plinth.core.session.StartedSession;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.test.PlinthTest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Keys and sessions carry their user's state, whoever changes it, and under any isolation. */
@PlinthTest
class UserStatesTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));

  /** Rows whose state is not their user's. */
  private static final String WRONG =
      """
      SELECT t.kind || ' of user ' || u.id
      FROM plinth.users u
      JOIN (
        SELECT 'key' AS kind, user_id, user_is_active FROM plinth.api_keys
        UNION ALL
        SELECT 'session', user_id, user_is_active FROM plinth.sessions
        UNION ALL
        SELECT 'state', user_id, is_active FROM plinth.user_states) t ON t.user_id = u.id
      WHERE t.user_is_active <> u.is_active
      UNION ALL
      SELECT 'no state of user ' || id FROM plinth.users
      WHERE id NOT IN (SELECT user_id FROM plinth.user_states)
      """;

  private static final String SESSION =
      """
      INSERT INTO plinth.sessions (id, user_id, token_hash, idle_timeout, idle_expires_at, expires_at)
      VALUES (gen_random_uuid(), ?, sha256('x'), interval '1 hour', now() + interval '1 hour',
              now() + interval '1 day')
      """;

  private static final String KEY =
      """
      INSERT INTO plinth.api_keys (id, user_id, owner_type, owner_id, name, prefix, key_hash)
      SELECT gen_random_uuid(), u, 'user', u::text, 'k', 'key_xxxx', sha256('x')
      FROM (SELECT ?::uuid AS u) g
      """;

  private final Plinth plinth;
  private final DataSource pool;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private UUID ada = new UUID(0, 0);

  UserStatesTest(Plinth plinth, DataSource pool) {
    this.plinth = plinth;
    this.pool = pool;
  }

  @BeforeEach
  void user() {
    ada = plinth.users().create(NewUser.withExternalId("ada")).id();
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void deactivatedUnderASnapshotThatDoesNotShowTheSession_failsToSerialize() throws Exception {
    try (Connection host = snapshot()) {
      StartedSession started = plinth.sessions().start(NewSession.of(ada));

      assertThatThrownBy(() -> setActive(host, ada, false))
          .satisfies(e -> assertThat(SqlStates.of(e)).contains("40001"));

      host.rollback();
      setActive(host, ada, false);
      host.commit();
      assertThat(plinth.sessions().authenticate(started.revealToken()))
          .isInstanceOf(SessionAuthentication.UserInactive.class);
    }
  }

  @Test
  void deactivatedUnderASnapshotThatDoesNotShowTheKey_failsToSerialize() throws Exception {
    try (Connection host = snapshot()) {
      IssuedKey issued = plinth.apiKeys().issue(NewApiKey.of(KeyOwner.user(ada), "k"));

      assertThatThrownBy(() -> setActive(host, ada, false))
          .satisfies(e -> assertThat(SqlStates.of(e)).contains("40001"));

      host.rollback();
      setActive(host, ada, false);
      host.commit();
      assertThat(plinth.apiKeys().authenticate(issued.reveal())).isInstanceOf(OwnerInactive.class);
    }
  }

  @Test
  void loggedInUnderASnapshotOfBeforeTheDeactivation_isRefused() throws Exception {
    try (Connection host = snapshot()) {
      plinth.users().deactivate(ada);

      assertThatThrownBy(() -> plinth.sessions().in(plinth.join(host)).start(NewSession.of(ada)))
          .satisfies(e -> assertThat(SqlStates.of(e)).contains("40001"));
      host.rollback();
    }
    assertThat(rows("SELECT id::text FROM plinth.sessions")).isEmpty();
  }

  /** As a job's or a charge's transaction has it: neither waits for the other. */
  @Test
  void deactivate_whileATransactionRefersToTheUser_doesNotWait() throws Exception {
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      Sql.query(host, "SELECT FROM plinth.users WHERE id = ? FOR KEY SHARE", row -> 1, ada);

      assertThat(threads.submit(() -> plinth.users().deactivate(ada)).get(10, TimeUnit.SECONDS))
          .isTrue();
      host.rollback();
    }
  }

  @Test
  void keyGivenToAnotherUserBySqlOfTheHost_takesThatUsersState() throws Exception {
    UUID bob = plinth.users().create(NewUser.withExternalId("bob")).id();
    IssuedKey issued = plinth.apiKeys().issue(NewApiKey.of(KeyOwner.user(ada), "k"));
    StartedSession started = plinth.sessions().start(NewSession.of(ada));
    plinth.users().deactivate(bob);

    give(bob);

    assertThat(plinth.apiKeys().authenticate(issued.reveal()))
        .isEqualTo(new OwnerInactive(issued.key().id(), bob));
    assertThat(plinth.sessions().authenticate(started.revealToken()))
        .isInstanceOf(SessionAuthentication.UserInactive.class);

    give(ada);

    assertThat(plinth.apiKeys().authenticate(issued.reveal()))
        .isInstanceOf(KeyAuthentication.Valid.class);
    assertThat(plinth.sessions().authenticate(started.revealToken()))
        .isInstanceOf(SessionAuthentication.Active.class);
    assertThat(rows(WRONG)).isEmpty();
  }

  @Test
  void keyOrSessionWrittenBySqlOfTheHost_forAnInactiveUser_isRefused() {
    plinth.users().deactivate(ada);

    assertThatThrownBy(() -> write(SESSION, ada)).hasMessageContaining("sessions_user_state_fkey");
    assertThatThrownBy(() -> write(KEY, ada)).hasMessageContaining("api_keys_user_state_fkey");
  }

  /** It reaches the tokens of everybody, whatever tenant a role is bound to. */
  @Test
  void applicationRole_readsStatesAndWritesNone() {
    String role = "states_" + plinth.ids().next().toString().replace("-", "");
    plinth.transact(
        tx -> {
          Connection connection = tx.connection();
          Sql.execute(connection, "CREATE ROLE " + role);
          plinth.migrations().grants(role).forEach(grant -> Sql.execute(connection, grant));
        });
    for (String sql :
        List.of(
            "DELETE FROM plinth.user_states",
            "UPDATE plinth.user_states SET is_active = false",
            "INSERT INTO plinth.user_states VALUES (gen_random_uuid(), true)")) {
      assertThatThrownBy(() -> as(role, sql)).hasMessageContaining("permission denied");
    }
    as(role, "SELECT FROM plinth.user_states");
    as(role, "UPDATE plinth.users SET is_active = false");

    assertThat(rows("SELECT is_active::text FROM plinth.user_states")).containsExactly("false");
    plinth.transact(
        tx -> {
          Sql.execute(tx.connection(), "DROP OWNED BY " + role);
          Sql.execute(tx.connection(), "DROP ROLE " + role);
        });
  }

  private void as(String role, String sql) {
    plinth.transact(
        tx -> {
          Sql.execute(tx.connection(), "SET LOCAL ROLE " + role);
          Sql.execute(tx.connection(), sql);
        });
  }

  private void write(String sql, UUID user) {
    plinth.transact(tx -> Sql.update(tx.connection(), sql, user));
  }

  @Test
  void mergedUser_keysTakeTheSurvivorsState() {
    UUID bob = plinth.users().create(NewUser.withExternalId("bob")).id();
    IssuedKey issued = plinth.apiKeys().issue(NewApiKey.of(KeyOwner.user(ada), "k"));

    plinth.users().merge(ada, bob);

    assertThat(plinth.apiKeys().authenticate(issued.reveal()))
        .isInstanceOf(KeyAuthentication.Valid.class);
    assertThat(rows(WRONG)).isEmpty();
    plinth.users().deactivate(bob);
    assertThat(plinth.apiKeys().authenticate(issued.reveal())).isInstanceOf(OwnerInactive.class);
    plinth.users().delete(bob);
    assertThat(rows("SELECT user_id::text FROM plinth.user_states")).isEmpty();
  }

  /** Each of three users is logged in, given keys and switched off and on by all at once. */
  @Tag("proof")
  @Test
  void logInsAndDeactivationsAtOnce_underAnyIsolation_leaveEveryRowWithItsUsersState()
      throws Exception {
    List<UUID> users = new ArrayList<>(List.of(ada));
    users.add(plinth.users().create(NewUser.withExternalId("bob")).id());
    users.add(plinth.users().create(NewUser.withExternalId("eve")).id());
    int rounds = LARGE ? 3_000 : 60;
    AtomicInteger done = new AtomicInteger();
    AtomicInteger conflicts = new AtomicInteger();
    List<Callable<Void>> workers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      workers.add(
          () -> {
            for (int round = 0; round < rounds; round++) {
              step(users.get(ThreadLocalRandom.current().nextInt(users.size())), done, conflicts);
            }
            return null;
          });
    }
    for (Future<Void> worker : threads.invokeAll(workers)) {
      worker.get();
    }

    System.out.printf("%d steps done, %d refused or failed%n", done.get(), conflicts.get());
    assertThat(done.get()).isPositive();
    assertThat(rows(WRONG)).isEmpty();
    assertThat(rows("SELECT id::text FROM plinth.sessions")).isNotEmpty();
  }

  private void step(UUID user, AtomicInteger done, AtomicInteger conflicts) throws SQLException {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    try (Connection host = pool.getConnection()) {
      host.setTransactionIsolation(
          random.nextBoolean()
              ? Connection.TRANSACTION_READ_COMMITTED
              : Connection.TRANSACTION_REPEATABLE_READ);
      host.setAutoCommit(false);
      try {
        Sql.query(host, "SELECT 1", row -> 1);
        switch (random.nextInt(4)) {
          case 0 -> setActive(host, user, random.nextBoolean());
          case 1 -> plinth.users().in(plinth.join(host)).reactivate(user);
          case 2 -> plinth.sessions().in(plinth.join(host)).start(NewSession.of(user));
          default ->
              plinth.apiKeys().in(plinth.join(host)).issue(NewApiKey.of(KeyOwner.user(user), "k"));
        }
        host.commit();
        done.incrementAndGet();
      } catch (RuntimeException e) {
        // Refused, or failed to serialize, or the victim of a deadlock: nothing of it stays.
        assertThat(e instanceof InactiveUserException || SqlStates.of(e).isPresent())
            .as(e.toString())
            .isTrue();
        host.rollback();
        conflicts.incrementAndGet();
      } finally {
        host.setAutoCommit(true);
        host.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      }
    }
  }

  /** A transaction whose snapshot is taken now. */
  private Connection snapshot() throws SQLException {
    Connection host = pool.getConnection();
    host.setAutoCommit(false);
    host.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    Sql.query(host, "SELECT 1", row -> 1);
    return host;
  }

  private static void setActive(Connection host, UUID user, boolean active) {
    Sql.update(host, "UPDATE plinth.users SET is_active = ? WHERE id = ?", active, user);
  }

  private void give(UUID taker) {
    plinth.transact(
        tx -> {
          Sql.update(
              tx.connection(),
              "UPDATE plinth.api_keys SET user_id = ?, owner_id = ?",
              taker,
              taker.toString());
          Sql.update(tx.connection(), "UPDATE plinth.sessions SET user_id = ?", taker);
        });
  }

  private List<String> rows(String sql) {
    return plinth.transactReturning(tx -> Sql.query(tx.connection(), sql, row -> row.getString(1)));
  }
}
