package dev.plinth.core.presence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.FaultyProxy;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNodes;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

@PlinthTest(start = true)
class LiveConnectionsTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final Duration TTL = Duration.ofMinutes(2);

  private final Plinth plinth;
  private final LiveConnections connections;
  private final SettableClock clock;
  private final TestDatabase database;
  private UUID ada;
  private UUID bob;

  LiveConnectionsTest(Plinth plinth, SettableClock clock, TestDatabase database) {
    this.plinth = plinth;
    this.connections = plinth.liveConnections();
    this.clock = clock;
    this.database = database;
  }

  @BeforeEach
  void users() {
    ada = user("ada");
    bob = user("bob");
  }

  @Test
  void register_everyField_isFoundAsItWas() throws Exception {
    UUID session = UUID.randomUUID();
    InetAddress address = InetAddress.getByName("fe80::1");
    LiveConnection made =
        connections.register(
            NewConnection.of(ada)
                .withSession(session)
                .withIpAddress(Inet6Address.getByAddress("", address.getAddress(), 1))
                .withUserAgent("Ünï 1.0")
                .withMetadata(Json.of("{\"room\": 7}"))
                .withTimeToLive(Duration.ofSeconds(90)));

    assertThat(connections.find(made.id())).contains(made);
    assertThat(made.userId()).isEqualTo(ada);
    assertThat(made.sessionId()).isEqualTo(session);
    assertThat(made.instanceId()).isEqualTo(plinth.instances().id());
    assertThat(made.ipAddress()).isEqualTo(address);
    assertThat(made.userAgent()).isEqualTo("Ünï 1.0");
    assertThat(made.metadata()).isEqualTo(Json.of("{\"room\": 7}"));
    assertThat(made.tenantId()).isNull();
    assertThat(Duration.between(made.lastSeenAt(), made.expiresAt()))
        .isEqualTo(Duration.ofSeconds(90));
  }

  @Test
  void presence_manyUsers_tellsWhoIsThere() {
    LiveConnection first = connections.register(NewConnection.of(ada));
    LiveConnection second = connections.register(NewConnection.of(ada));

    assertThat(connections.presence(List.of(ada, bob, UUID.randomUUID())))
        .containsOnlyKeys(ada)
        .containsValue(new Presence(2, second.lastSeenAt()));
    assertThat(connections.presence(List.of())).isEmpty();
    assertThat(connections.list(ada)).containsExactly(first, second);
    assertThat(connections.count(ada)).isEqualTo(2);
    assertThat(connections.page(first.id(), 10)).containsExactly(second);
    assertThat(connections.page(null, 1)).containsExactly(first);
    assertThat(connections.close(first.id())).isTrue();
    assertThat(connections.close(first.id())).isFalse();
    assertThat(connections.count(ada)).isEqualTo(1);
    assertThat(connections.seen(first.id())).isFalse();
    assertThat(connections.seen(second.id())).isTrue();
  }

  @Test
  void register_limitReached_isRefusedAndLeavesTheTransactionUsable() throws Exception {
    connections.register(NewConnection.of(ada), 1);
    try (Connection host = database.connect()) {
      host.setAutoCommit(false);
      LiveConnections joined = connections.in(plinth.join(host));

      assertThatThrownBy(() -> joined.register(NewConnection.of(ada), 1))
          .isInstanceOfSatisfying(
              TooManyConnectionsException.class,
              e -> {
                assertThat(e.userId()).isEqualTo(ada);
                assertThat(e.limit()).isEqualTo(1);
              });
      assertThatThrownBy(() -> joined.register(NewConnection.of(UUID.randomUUID()), 1))
          .isInstanceOf(UnknownUserException.class);
      assertThatThrownBy(() -> joined.register(NewConnection.of(UUID.randomUUID())))
          .isInstanceOf(UnknownUserException.class);
      joined.register(NewConnection.of(bob), 1);
      host.commit();
    }

    assertThat(connections.count(bob)).isEqualTo(1);
    clock.advance(TTL);
    assertThat(connections.register(NewConnection.of(ada), 1)).as("after expiry").isNotNull();
  }

  @Test
  void register_manyAtOnceOnTwoNodes_limitIsExact(TestNodes nodes) throws Exception {
    Plinth other = nodes.start("other").plinth();
    int threads = LARGE ? 64 : 16;
    int limit = 5;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      CyclicBarrier barrier = new CyclicBarrier(threads);
      List<Future<Integer>> running = new ArrayList<>();
      for (int n = 0; n < threads; n++) {
        LiveConnections node = (n % 2 == 0 ? plinth : other).liveConnections();
        running.add(
            pool.submit(
                () -> {
                  barrier.await();
                  int made = 0;
                  for (int turn = 0; turn < 3; turn++) {
                    try {
                      node.register(NewConnection.of(ada), limit);
                      made++;
                    } catch (TooManyConnectionsException e) {
                      assertThat(e.limit()).isEqualTo(limit);
                    }
                  }
                  return made;
                }));
      }
      int made = 0;
      for (Future<Integer> each : running) {
        made += each.get();
      }
      assertThat(made).isEqualTo(limit);
      assertThat(connections.count(ada)).isEqualTo(limit);
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void dismissOthers_ofAnotherNode_isTellsItAtOnce(TestNodes nodes) {
    Plinth other = nodes.start("other").plinth();
    await().until(() -> other.notifications().isConnected());
    List<UUID> here = dismissed(connections);
    List<UUID> there = dismissed(other.liveConnections());
    LiveConnection kept = connections.register(NewConnection.of(ada));
    LiveConnection mine = connections.register(NewConnection.of(ada));
    LiveConnection theirs = other.liveConnections().register(NewConnection.of(ada));
    LiveConnection foreign = other.liveConnections().register(NewConnection.of(bob));

    assertThat(connections.dismissOthers(ada, kept.id())).isEqualTo(2);

    assertThat(connections.list(ada)).containsExactly(kept);
    await().untilAsserted(() -> assertThat(here).containsExactly(mine.id()));
    await().untilAsserted(() -> assertThat(there).containsExactly(theirs.id()));
    assertThat(other.liveConnections().seen(theirs.id())).isFalse();
    assertThat(other.liveConnections().seen(foreign.id())).isTrue();
    assertThat(connections.dismiss(foreign.id())).isTrue();
    assertThat(connections.dismiss(foreign.id())).isFalse();
    await().untilAsserted(() -> assertThat(there).containsExactly(theirs.id(), foreign.id()));
    assertThat(here).containsExactly(mine.id());
  }

  @Test
  void dismissAll_nodeThatHearsNothing_findsOutByItself() {
    try (Plinth deaf = database.plinth(database.pool(3)).withoutNotifications().build()) {
      deaf.start();
      List<UUID> there = dismissed(deaf.liveConnections());
      LiveConnection theirs =
          deaf.liveConnections()
              .register(NewConnection.of(ada).withTimeToLive(Duration.ofHours(1)));

      assertThat(connections.dismissAll(ada)).isEqualTo(1);
      hasten(deaf.liveConnections());

      await().untilAsserted(() -> assertThat(there).contains(theirs.id()));
    }
  }

  @Test
  void dismissAll_rolledBack_tellsNobody() {
    List<UUID> here = dismissed(connections);
    LiveConnection mine = connections.register(NewConnection.of(ada));

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      assertThat(connections.in(tx).dismissAll(ada)).isEqualTo(1);
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");

    assertThat(connections.list(ada)).containsExactly(mine);
    assertThat(connections.seen(mine.id())).isTrue();
    assertThat(here).isEmpty();
  }

  @Test
  void dismissAll_moreThanOneMessageHolds_reachesAll(TestNodes nodes) {
    Plinth other = nodes.start("other").plinth();
    await().until(() -> other.notifications().isConnected());
    List<UUID> there = dismissed(other.liveConnections());
    List<UUID> made = new ArrayList<>();
    other.transact(
        tx -> {
          for (int n = 0; n < 400; n++) {
            made.add(other.liveConnections().in(tx).register(NewConnection.of(ada)).id());
          }
        });

    assertThat(connections.dismissAll(ada)).isEqualTo(400);

    await().untilAsserted(() -> assertThat(there).containsExactlyInAnyOrderElementsOf(made));
  }

  @Test
  void seen_many_areProlongedTogether_othersExpireAndAreDismissed() {
    try (FaultyProxy network = FaultyProxy.to(database);
        HikariDataSource pool = pool(network);
        Plinth node =
            database
                .plinth(pool)
                .withoutNotifications()
                .instanceTimeToLive(Duration.ofDays(1))
                .build()) {
      node.start();
      List<UUID> gone = dismissed(node.liveConnections());
      List<LiveConnection> made = new ArrayList<>();
      Duration ttl = Duration.ofMinutes(40);
      for (int n = 0; n < 100; n++) {
        made.add(node.liveConnections().register(NewConnection.of(ada).withTimeToLive(ttl)));
      }
      LiveConnection silent =
          node.liveConnections().register(NewConnection.of(bob).withTimeToLive(ttl));
      clock.advance(Duration.ofMinutes(30));
      made.forEach(each -> assertThat(node.liveConnections().seen(each.id())).isTrue());
      countStatements();
      long before = network.roundTrips();
      long began = System.nanoTime();

      LiveConnection hasty =
          node.liveConnections()
              .register(NewConnection.of(bob).withTimeToLive(Duration.ofSeconds(1)));
      await().until(() -> prolonged(made));
      long spent = network.roundTrips() - before;

      Duration took = Duration.ofNanos(System.nanoTime() - began);
      assertThat(statementsThatProlong(ada)).as("for a hundred connections").isLessThan(10);
      // What the node asks the database besides, it asks some dozen times in a second.
      assertThat(spent)
          .as("round trips for a hundred connections in %s", took)
          .isLessThan(100 + 50 * took.toSeconds());
      await().untilAsserted(() -> assertThat(gone).containsExactly(hasty.id()));
      clock.advance(Duration.ofMinutes(20));
      node.liveConnections().register(NewConnection.of(bob).withTimeToLive(Duration.ofSeconds(1)));
      await().untilAsserted(() -> assertThat(gone).contains(silent.id()));
      assertThat(connections.count(ada)).isEqualTo(100);
    } finally {
      sql("DROP TRIGGER IF EXISTS count_statements ON plinth.websocket_connections");
    }
  }

  /** From now on each statement that prolongs connections leaves a row for each of their users. */
  private void countStatements() {
    sql("DROP TABLE IF EXISTS public.prolonging");
    sql("CREATE TABLE public.prolonging (user_id uuid NOT NULL)");
    sql(
        """
        CREATE OR REPLACE FUNCTION public.count_statements() RETURNS trigger
        LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO public.prolonging SELECT DISTINCT user_id FROM prolonged;
          RETURN NULL;
        END
        $$
        """);
    sql(
        """
        CREATE TRIGGER count_statements
        AFTER UPDATE ON plinth.websocket_connections
        REFERENCING NEW TABLE AS prolonged
        FOR EACH STATEMENT EXECUTE FUNCTION public.count_statements()
        """);
  }

  private int statementsThatProlong(UUID user) {
    return plinth.<Integer, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                    tx.connection(),
                    "SELECT count(*) FROM public.prolonging WHERE user_id = ?",
                    row -> row.getInt(1),
                    user)
                .get(0));
  }

  private void sql(String statement) {
    plinth.transact(tx -> Sql.execute(tx.connection(), statement));
  }

  @Test
  void seen_registeredInATransactionWhoseEndIsNotSeen_isProlonged() throws Exception {
    try (Plinth node =
            database
                .plinth(database.pool(3))
                .withoutNotifications()
                .instanceTimeToLive(Duration.ofDays(1))
                .build();
        Connection host = database.connect()) {
      node.start();
      LiveConnections there = node.liveConnections();
      host.setAutoCommit(false);
      LiveConnection made =
          there
              .in(node.join(host))
              .register(NewConnection.of(ada).withTimeToLive(Duration.ofMinutes(40)));
      host.commit();

      for (int step = 0; step < 4; step++) {
        clock.advance(Duration.ofMinutes(30));
        assertThat(there.seen(made.id())).isTrue();
        hasten(there);
        Instant now = clock.instant().minus(Duration.ofMinutes(10));
        await()
            .atMost(Duration.ofMinutes(1))
            .untilAsserted(
                () ->
                    assertThat(there.list(ada))
                        .singleElement()
                        .satisfies(each -> assertThat(each.lastSeenAt()).isAfter(now)));
      }

      List<UUID> gone = dismissed(there);
      connections.dismiss(made.id());
      hasten(there);
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> assertThat(gone).as("found to be over").contains(made.id()));
    }
  }

  @Test
  void onDismissed_listenersThatBlockOrFail_keepNeitherTheCommitNorOthers() throws Exception {
    CountDownLatch returned = new CountDownLatch(1);
    connections.onDismissed(
        id -> {
          try {
            returned.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          throw new AssertionError("an Error, not an exception");
        });
    List<UUID> here = dismissed(connections);
    UUID first = connections.register(NewConnection.of(ada)).id();
    UUID second = connections.register(NewConnection.of(ada)).id();

    assertThat(connections.dismiss(first)).isTrue();
    assertThat(connections.dismiss(second)).isTrue();
    assertThat(here).isEmpty();
    returned.countDown();

    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(here).containsExactly(first, second));
  }

  @Test
  void onDismissed_executorTookNothingForAWhile_isToldLater() {
    AtomicBoolean full = new AtomicBoolean();
    ExecutorService threads = Executors.newCachedThreadPool();
    try (Plinth node =
        database
            .plinth(database.pool(3))
            .withoutNotifications()
            .executor(
                task -> {
                  if (full.get()) {
                    throw new RejectedExecutionException("full");
                  }
                  threads.execute(task);
                })
            .build()) {
      node.start();
      List<UUID> gone = dismissed(node.liveConnections());
      UUID made =
          node.liveConnections()
              .register(NewConnection.of(ada).withTimeToLive(Duration.ofMinutes(2)))
              .id();

      full.set(true);
      assertThat(node.liveConnections().dismiss(made)).isTrue();
      assertThat(gone).isEmpty();
      full.set(false);
      hasten(node.liveConnections());

      await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> assertThat(gone).contains(made));
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void user_deleted_itsConnectionsAreDismissed() {
    List<UUID> here = dismissed(connections);
    LiveConnection mine =
        connections.register(NewConnection.of(ada).withTimeToLive(Duration.ofHours(1)));

    plinth.transact(
        tx -> Sql.update(tx.connection(), "DELETE FROM plinth.users WHERE id = ?", ada));
    hasten(connections);

    await().untilAsserted(() -> assertThat(here).contains(mine.id()));
  }

  @Test
  void node_losesItsInstance_dismissesWhatItHeld() {
    List<UUID> here = dismissed(connections);
    LiveConnection mine =
        connections.register(NewConnection.of(ada).withTimeToLive(Duration.ofHours(10)));

    clock.advance(Duration.ofHours(1));

    await().untilAsserted(() -> assertThat(here).containsExactly(mine.id()));
    assertThat(connections.count(ada)).isZero();
    assertThat(connections.register(NewConnection.of(ada), 1)).isNotNull();
  }

  @Test
  void node_closes_itsConnectionsVanishAtOnce(TestNodes nodes) {
    Plinth other = nodes.start("other").plinth();
    other.liveConnections().register(NewConnection.of(ada));
    assertThat(connections.count(ada)).isEqualTo(1);

    other.close();

    assertThat(connections.count(ada)).isZero();
    assertThat(connections.presence(List.of(ada))).isEmpty();
  }

  @Test
  void process_killed_itsConnectionsVanishWithItsInstanceAndAreSwept() {
    try (ForkedJvm node = ForkedJvm.start(Node.class, database.url(), ada.toString())) {
      node.await("registered");
      assertThat(connections.count(ada)).isEqualTo(3);
      assertThatThrownBy(() -> connections.register(NewConnection.of(ada), 3))
          .isInstanceOf(TooManyConnectionsException.class);
      node.kill();

      await().until(() -> connections.count(ada) == 0);

      LiveConnection mine = connections.register(NewConnection.of(ada), 1);
      plinth.maintenance().runNow("core.connections");
      assertThat(rows()).containsExactly(mine.id());
    }
  }

  /** Holds three connections until it is killed. */
  static final class Node {
    private Node() {}

    public static void main(String[] args) {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      Plinth plinth =
          TestDatabase.attach(args[0])
              .plinth(source)
              .modules(List.of())
              .withoutNotifications()
              .instanceTimeToLive(Duration.ofSeconds(6))
              .build();
      plinth.start();
      UUID user = UUID.fromString(args[1]);
      for (int n = 0; n < 3; n++) {
        plinth
            .liveConnections()
            .register(NewConnection.of(user).withTimeToLive(Duration.ofHours(1)));
      }
      ForkedJvm.report("registered");
      ForkedJvm.awaitOrder("never");
    }
  }

  @Test
  void sweep_rowInUse_isPassedOver() throws Exception {
    LiveConnection used = connections.register(NewConnection.of(ada));
    connections.register(NewConnection.of(bob));
    try (Connection other = database.connect()) {
      other.setAutoCommit(false);
      Sql.query(
          other,
          "SELECT id FROM plinth.websocket_connections WHERE id = ? FOR UPDATE",
          row -> row.getString(1),
          used.id());
      clock.advance(TTL);

      assertThat(plinth.maintenance().runNow("core.connections")).isTrue();

      assertThat(rows()).containsExactly(used.id());
      other.rollback();
    }
  }

  @Test
  void tenant_seesAndDismissesItsOwnOnly() {
    TxOptions acme = TxOptions.defaults().withTenant("acme");
    UUID eve =
        plinth.<UUID, RuntimeException>transactReturning(
            acme, tx -> plinth.users().in(tx).create(NewUser.withExternalId("eve")).id());
    List<UUID> here = dismissed(connections);
    assertThatThrownBy(() -> connections.register(NewConnection.of(eve)))
        .isInstanceOf(UnknownUserException.class);
    LiveConnection theirs =
        plinth.<LiveConnection, RuntimeException>transactReturning(
            acme,
            tx ->
                connections
                    .in(tx)
                    .register(NewConnection.of(eve).withTimeToLive(Duration.ofSeconds(40))));

    assertThat(theirs.tenantId()).isEqualTo("acme");
    assertThat(connections.find(theirs.id())).isEmpty();
    assertThat(connections.list(eve)).isEmpty();
    assertThat(connections.count(eve)).isZero();
    assertThat(connections.presence(List.of(eve))).isEmpty();
    assertThat(connections.page(null, 10)).isEmpty();
    assertThat(connections.dismissAll(eve)).isZero();
    assertThat(connections.close(theirs.id())).isFalse();
    plinth.transact(
        acme,
        tx -> {
          assertThat(connections.in(tx).count(eve)).isEqualTo(1);
          assertThat(connections.in(tx).presence(List.of(eve, ada))).containsOnlyKeys(eve);
          assertThat(connections.in(tx).dismissAll(eve)).isEqualTo(1);
        });
    await().untilAsserted(() -> assertThat(here).containsExactly(theirs.id()));
  }

  @Test
  void register_notStarted_isRefused(TestNodes nodes) {
    assertThatThrownBy(
            () -> nodes.add("resting").plinth().liveConnections().register(NewConnection.of(ada)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("plinth.start()");
  }

  @Test
  void arguments_bad_areRefused() {
    NewConnection good = NewConnection.of(ada);
    for (String agent : new String[] {"", " ", "a\0b", "x".repeat(1_001), "\ud800"}) {
      assertThatThrownBy(() -> good.withUserAgent(agent))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("userAgent must ");
    }
    assertThatThrownBy(() -> good.withMetadata(Json.of("[]"))).hasMessageStartingWith("metadata");
    assertThatThrownBy(() -> good.withTimeToLive(Duration.ofMillis(999)))
        .hasMessageStartingWith("timeToLive must be between one second and one day");
    assertThatThrownBy(() -> good.withTimeToLive(Duration.ofDays(2)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> connections.register(good, 0))
        .hasMessageStartingWith("limit must be between 1 and ");
    assertThatThrownBy(() -> connections.page(null, 1_001))
        .isInstanceOf(IllegalArgumentException.class);
    List<UUID> many = new ArrayList<>();
    for (int n = 0; n <= 10_000; n++) {
      many.add(ada);
    }
    assertThatThrownBy(() -> connections.presence(many))
        .hasMessage("userIds must have at most 10000 elements, but has 10001");
    assertThatThrownBy(() -> connections.presence(java.util.Arrays.asList(ada, null)))
        .hasMessage("userIds must not be null");
  }

  private UUID user(String name) {
    return plinth.users().create(NewUser.withExternalId(name)).id();
  }

  private static List<UUID> dismissed(LiveConnections connections) {
    List<UUID> heard = new CopyOnWriteArrayList<>();
    connections.onDismissed(heard::add);
    return heard;
  }

  /** A connection with a short time to live makes the node's next round come soon. */
  private void hasten(LiveConnections node) {
    node.register(NewConnection.of(bob).withTimeToLive(Duration.ofSeconds(1)));
  }

  private boolean prolonged(List<LiveConnection> made) {
    List<LiveConnection> now = connections.list(ada);
    return now.size() == made.size()
        && now.stream()
            .allMatch(each -> each.lastSeenAt().isAfter(made.get(made.size() - 1).lastSeenAt()));
  }

  private List<UUID> rows() {
    return plinth.<List<UUID>, RuntimeException>transactReturning(
        tx ->
            Sql.query(
                tx.connection(),
                "SELECT id FROM plinth.websocket_connections",
                row -> row.getObject(1, UUID.class)));
  }

  private static HikariDataSource pool(FaultyProxy network) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(network.url());
    config.setMaximumPoolSize(3);
    return new HikariDataSource(config);
  }
}
