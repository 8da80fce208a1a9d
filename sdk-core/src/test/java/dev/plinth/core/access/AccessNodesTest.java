package dev.plinth.core.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.PlinthException;
import dev.plinth.core.Stopwatch;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.User;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.JoinedTx;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What {@code can} remembers, and how it forgets, on this node and on others. */
@Tag("proof")
@PlinthTest(start = true)
class AccessNodesTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration SEEN_WITHIN = Duration.ofSeconds(1);
  private static final String START = "node.start";

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Plinth plinth;
  private final Access access;
  private final TestNodes nodes;
  private final DataSource pool;
  private UUID user = new UUID(0, 0);

  AccessNodesTest(Plinth plinth, TestNodes nodes, DataSource pool) {
    this.plinth = plinth;
    this.access = plinth.access();
    this.nodes = nodes;
    this.pool = pool;
  }

  @BeforeEach
  void operator() {
    plinth.roles().define("operator", null, START);
    user = plinth.users().create(NewUser.withExternalId("x")).id();
    access.grant(user, "operator");
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void can_remembered_isAnsweredWithoutTheDatabase() {
    awaitRemembered();
  }

  @Test
  void everyKindOfChange_isSeenByNodesThatListenAndThoseThatDoNot() {
    Plinth listening = nodes.start("listening").plinth();
    Plinth deaf = deaf();
    Roles roles = plinth.roles();

    assertSeen(true, listening, deaf);
    access.revoke(user, "operator");
    assertSeen(false, listening, deaf);
    access.setRole(user, "operator", user);
    assertSeen(true, listening, deaf);
    roles.withdraw("operator", START);
    assertSeen(false, listening, deaf);
    roles.define("parent", null, "node.*");
    roles.inherit("operator", "parent");
    assertSeen(true, listening, deaf);
    plinth.users().deactivate(user);
    assertSeen(false, listening, deaf);
    plinth.users().reactivate(user);
    assertSeen(true, listening, deaf);
    access.clearOverride(user);
    access.mapRole(user, "user");
    assertSeen(false, listening, deaf);
    plinth.users().update(plinth.users().find(user).orElseThrow().withRole("operator"));
    assertSeen(true, listening, deaf);
    roles.disinherit("operator", "parent");
    assertSeen(false, listening, deaf);
  }

  @Test
  void changes_areSeenByOtherNodesWithinASecond() {
    for (Plinth seer : List.of(nodes.start("listening").plinth(), deaf())) {
      AtomicBoolean granted = new AtomicBoolean(true);
      assertSeen(true, seer);
      access.revoke(user, "operator");
      assertSeen(false, seer);
      granted.set(false);

      // What was just seen was just asked for: each change is made when the next look is farthest.
      assertThat(
              Stopwatch.bestOf(
                  10,
                  SEEN_WITHIN,
                  () -> {
                    if (granted.getAndSet(!granted.get())) {
                      access.revoke(user, "operator");
                    } else {
                      access.grant(user, "operator");
                    }
                  },
                  () -> seer.access().can(user, START) == granted.get()))
          .isLessThanOrEqualTo(SEEN_WITHIN);
    }
  }

  @Test
  void update_anotherRole_isSeenHereWhenTheCommitReturnsAndOtherNodesAreWoken() {
    User other = plinth.users().create(NewUser.withExternalId("updated"));
    List<PrimaryRoleSet> events = new CopyOnWriteArrayList<>();
    plinth.events().inTransaction(PrimaryRoleSet.class, (tx, event) -> events.add(event));
    List<String> heard = new CopyOnWriteArrayList<>();
    Plinth listening = nodes.add("listening").plinth();
    listening.notifications().subscribe("plinth.changes", nothing -> heard.add("change"));
    listening.notifications().subscribe("t.mark", heard::add);
    listening.start();
    await().atMost(PATIENCE).until(() -> listening.notifications().isConnected());
    awaitRemembered();
    assertThat(access.can(other.id(), START)).isFalse();

    mark("before");
    User named = plinth.users().update(other.withFullName("Ada"));
    mark("named");
    plinth.users().update(named.withRole("operator"));

    assertThat(access.can(other.id(), START)).isTrue();
    assertThat(events).containsExactly(new PrimaryRoleSet(other.id(), "user", "operator", null));
    mark("after");
    await().atMost(PATIENCE).until(() -> heard.contains("after"));
    assertThat(heard).containsSubsequence("before", "named", "change", "after");
    assertThat(heard).containsSequence("before", "named");
  }

  private void mark(String text) {
    plinth.transact(tx -> plinth.notifications().send(tx, "t.mark", text));
  }

  @Test
  void hostSql_isSeenByEveryNodeWithoutAnyNotification() {
    Plinth deaf = deaf();

    assertSeen(true, plinth, deaf);
    sql("DELETE FROM plinth.user_roles WHERE role = 'operator'");
    assertSeen(false, plinth, deaf);
    sql("UPDATE plinth.users SET role = 'operator'");
    assertSeen(true, plinth, deaf);
    sql("UPDATE plinth.users SET is_active = false");
    assertSeen(false, plinth, deaf);
    sql("UPDATE plinth.users SET is_active = true");
    assertSeen(true, plinth, deaf);
    sql("DELETE FROM plinth.role_permissions");
    assertSeen(false, plinth, deaf);
    sql("INSERT INTO plinth.role_permissions (role, permission) VALUES ('user', 'node.*')");
    sql("INSERT INTO plinth.role_parents VALUES ('operator', 'user')");
    assertSeen(true, plinth, deaf);
    sql("DELETE FROM plinth.users");
    assertSeen(false, plinth, deaf);
  }

  @Test
  void node_wakesUpAfterLong_forgetsWhatItRemembered(SettableClock clock) {
    awaitRemembered();
    assertThat(access.can(user, START)).isTrue();
    // As it is for one that was suspended: what told of the change is gone when it asks again.
    plinth.transact(
        tx -> {
          Sql.update(tx.connection(), "DELETE FROM plinth.user_roles WHERE role = 'operator'");
          Sql.update(tx.connection(), "DELETE FROM plinth.changes");
        });

    clock.advance(Duration.ofMinutes(30));

    assertThat(access.can(user, START)).isFalse();
    awaitRemembered();
    assertThat(access.can(user, START)).isFalse();
  }

  @Test
  void revoke_byATransactionOlderThanWhatWasSeenSince_isSeenWhenItCommits() throws Exception {
    Plinth deaf = deaf();
    assertSeen(true, plinth, deaf);
    try (Connection host = pool.getConnection()) {
      host.setAutoCommit(false);
      access.in(plinth.join(host)).revoke(user, "operator");
      for (int i = 0; i < 3; i++) {
        UUID other = plinth.users().create(NewUser.withExternalId("y" + i)).id();
        access.grant(other, "operator");
        await().atMost(PATIENCE).until(() -> deaf.access().can(other, START));
        access.revoke(other, "operator");
        await().atMost(PATIENCE).until(() -> !deaf.access().can(other, START));
      }
      assertThat(deaf.access().can(user, START)).isTrue();
      host.commit();
    }

    assertSeen(false, plinth, deaf);
  }

  @Test
  void revoke_onThisNode_isSeenWhenTheCommitReturns() throws Exception {
    for (int i = 0; i < 5; i++) {
      awaitRemembered();
      assertThat(access.can(user, START)).isTrue();
      access.revoke(user, "operator");
      assertThat(access.can(user, START)).isFalse();
      try (Connection host = pool.getConnection()) {
        host.setAutoCommit(false);
        JoinedTx joined = plinth.join(host);
        access.in(joined).grant(user, "operator");
        host.commit();
        joined.committed();
      }
    }
  }

  @Test
  void can_inATransactionThatIsRolledBack_leavesNothingBehind() throws Exception {
    awaitRemembered();
    access.revoke(user, "operator");

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      access.in(tx).grant(user, "operator");
                      assertThat(access.can(user, START)).isTrue();
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");

    assertThat(access.can(user, START)).isFalse();
  }

  @Test
  void can_inATransactionWithAnOldSnapshot_leavesNothingBehind() {
    awaitRemembered();
    plinth.transact(
        TxOptions.defaults().withIsolation(TxOptions.Isolation.REPEATABLE_READ),
        tx -> {
          assertThat(access.in(tx).can(user, START)).isTrue();
          elsewhere(() -> access.revoke(user, "operator"));
          assertThat(access.can(user, START)).isTrue();
        });

    assertThat(access.can(user, START)).isFalse();
  }

  @Test
  void can_readWhileItIsForgotten_neverRemembersWhatIsOver() throws Exception {
    awaitRemembered();
    AtomicBoolean over = new AtomicBoolean();
    List<Future<?>> readers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      readers.add(
          threads.submit(
              () -> {
                while (!over.get()) {
                  access.can(user, START);
                }
              }));
    }
    int rounds = LARGE ? 5_000 : 50;
    for (int i = 0; i < rounds; i++) {
      access.revoke(user, "operator");
      assertThat(access.can(user, START)).as("revoked in round %s", i).isFalse();
      access.grant(user, "operator");
      assertThat(access.can(user, START)).as("granted in round %s", i).isTrue();
    }
    over.set(true);
    for (Future<?> reader : readers) {
      reader.get();
    }
  }

  @Test
  void can_readOnAnotherNodeWhileItIsForgotten_settlesOnTheTruth() throws Exception {
    Plinth other = nodes.start("other").plinth();
    AtomicBoolean over = new AtomicBoolean();
    List<Future<?>> readers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      readers.add(
          threads.submit(
              () -> {
                while (!over.get()) {
                  other.access().can(user, START);
                }
              }));
    }
    for (int i = 0; i < (LARGE ? 500 : 5); i++) {
      access.revoke(user, "operator");
      await().atMost(PATIENCE).until(() -> !other.access().can(user, START));
      access.grant(user, "operator");
      await().atMost(PATIENCE).until(() -> other.access().can(user, START));
    }
    over.set(true);
    for (Future<?> reader : readers) {
      reader.get();
    }
  }

  @Test
  void can_databaseOutOfReach_isNotAnsweredFromMemoryForLong(TestDatabase database) {
    try (FaultyProxy network = FaultyProxy.to(database);
        HikariDataSource through = pool(network.url());
        Plinth far = database.plinth(through).build()) {
      far.start();
      await().atMost(PATIENCE).until(() -> far.access().can(user, START));
      network.refuseNew(true);
      network.cutAll();

      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThatThrownBy(() -> far.access().can(user, START))
                      .isInstanceOf(PlinthException.class));
      access.revoke(user, "operator");
      network.refuseNew(false);

      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(far.access().can(user, START)).isFalse());
    }
  }

  @Test
  void manyChangesAtOnce_areSeen() {
    Plinth deaf = deaf();
    sql(
        """
        INSERT INTO plinth.users (id, external_id, role)
        SELECT gen_random_uuid(), 'many ' || i, 'operator'
        FROM generate_series(1, 1500) i
        """);
    assertSeen(true, plinth, deaf);

    sql("UPDATE plinth.users SET is_active = false");

    assertSeen(false, plinth, deaf);
  }

  @Test
  void changes_newUsersAreNotNoted_andRowsOfAnotherServerAreIgnored() {
    assertThat(count("plinth.changes WHERE key = '" + user + "'")).isEqualTo(1);
    sql(
        """
        INSERT INTO plinth.changes (transaction_id, topic)
        VALUES (pg_current_xact_id()::text::bigint + 1000000, 'permissions')
        """);
    awaitRemembered();

    plinth.maintenance().runNow("core.changes");

    assertThat(count("plinth.changes WHERE key IS NULL AND transaction_id > 1000000")).isZero();
  }

  /** Until the feed vouches for the cache: can does not see a change that no trigger has noted. */
  private void awaitRemembered() {
    UUID probe = plinth.users().create(NewUser.withExternalId(UUID.randomUUID().toString())).id();
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              boolean before = access.can(probe, START);
              plinth.transact(
                  tx -> {
                    Sql.execute(tx.connection(), "SET LOCAL session_replication_role = replica");
                    Sql.update(
                        tx.connection(),
                        before
                            ? "DELETE FROM plinth.user_roles WHERE user_id = ? AND role = 'operator'"
                            : "INSERT INTO plinth.user_roles (user_id, role) VALUES (?, 'operator')"
                                + " ON CONFLICT DO NOTHING",
                        probe);
                    assertThat(access.in(tx).can(probe, START)).isEqualTo(!before);
                  });
              return access.can(probe, START) == before;
            });
  }

  private void assertSeen(boolean can, Plinth... seers) {
    for (Plinth seer : seers) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(seer.access().can(user, START)).isEqualTo(can));
    }
  }

  private Plinth deaf() {
    Plinth deaf = nodes.add("deaf", PlinthBuilder::withoutNotifications).plinth();
    deaf.start();
    return deaf;
  }

  private void elsewhere(Runnable work) {
    try {
      threads.submit(work).get();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static HikariDataSource pool(String url) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setMaximumPoolSize(5);
    config.setMinimumIdle(0);
    config.setConnectionTimeout(1_000);
    config.setInitializationFailTimeout(-1);
    return new HikariDataSource(config);
  }

  private void sql(String statement) {
    plinth.transact(tx -> Sql.execute(tx.connection(), statement));
  }

  private long count(String rows) {
    return plinth.<Long, RuntimeException>transactReturning(
        tx ->
            Sql.query(tx.connection(), "SELECT count(*) FROM " + rows, row -> row.getLong(1))
                .get(0));
  }
}
