package dev.plinth.core.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.spi.Liveness;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

@PlinthTest
class InstancesTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  /** Beats every other second, and outlives a stall of some seconds. */
  private static final Duration BEATING = Duration.ofSeconds(8);

  /** Of an instance that is to be lost, but not before its test is ready for it. */
  private static final Duration MORTAL = Duration.ofSeconds(4);

  private final TestDatabase database;

  InstancesTest(TestDatabase database) {
    this.database = database;
  }

  @Test
  void id_beforeStart_isRefused() {
    try (Plinth node = node().build()) {
      assertThat(node.instances().isAlive()).isFalse();
      assertThatThrownBy(() -> node.instances().id())
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("There is no instance yet: call plinth.start() first");
    }
  }

  @Test
  void start_registersInstanceThatBeats() {
    try (Plinth node = started(node().nodeName("alpha").instanceTimeToLive(BEATING))) {
      UUID id = node.instances().id();
      Instance first = find(node, id);

      assertThat(first.name()).isEqualTo("alpha");
      assertThat(first.state()).isEqualTo(Instance.State.ALIVE);
      assertThat(first.endedAt()).isNull();
      assertThat(node.instances().isAlive()).isTrue();
      assertThat(node.instances().isAlive(id)).isTrue();
      assertThat(node.instances().isAlive(UUID.randomUUID())).isFalse();
      await().until(() -> find(node, id).heartbeatAt().isAfter(first.heartbeatAt()));
    }
  }

  @Test
  void close_marksStoppedAtOnce(Plinth plinth) {
    Plinth node = started(node());
    UUID id = node.instances().id();

    node.close();

    assertThat(node.instances().isAlive()).isFalse();
    assertThat(find(plinth, id).state()).isEqualTo(Instance.State.STOPPED);
    assertThat(find(plinth, id).endedAt()).isNotNull();
    assertThat(deadBySql(plinth, id)).isTrue();
  }

  @Test
  void find_inATransactionWithAnOlderSnapshot_seesTheInstanceAsItIsNow() {
    try (Plinth one = started(node());
        Plinth two = started(node())) {
      UUID id = two.instances().id();
      TxOptions frozen = TxOptions.defaults().withIsolation(TxOptions.Isolation.REPEATABLE_READ);

      Instance.State seen =
          one.transactSeparately(
              frozen,
              tx -> {
                Sql.query(tx.connection(), "SELECT 1", row -> row.getInt(1));
                two.close();
                return find(one, id).state();
              });

      assertThat(seen).isEqualTo(Instance.State.STOPPED);
    }
  }

  @Test
  void start_twoPlinthsInOneProcess_areTwoInstances() {
    try (Plinth one = started(node());
        Plinth two = started(node())) {
      one.close();

      assertThat(two.instances().id()).isNotEqualTo(one.instances().id());
      assertThat(two.instances().isAlive()).isTrue();
      assertThat(find(two, one.instances().id()).state()).isEqualTo(Instance.State.STOPPED);
      assertThat(find(two, two.instances().id()).state()).isEqualTo(Instance.State.ALIVE);
    }
  }

  @Test
  void liveness_unknownInstanceIsDead_noInstanceIsNot(Plinth plinth) {
    try (Plinth node = started(node())) {
      assertThat(deadBySql(plinth, node.instances().id())).isFalse();
      assertThat(deadBySql(plinth, UUID.randomUUID())).isTrue();
      assertThat(deadBySql(plinth, null)).isFalse();
    }
  }

  @Test
  void heartbeat_connectionTerminated_goesOnUnderTheSameId() throws SQLException {
    PGSimpleDataSource named = new PGSimpleDataSource();
    named.setUrl(database.url());
    named.setApplicationName("victim");
    try (HikariDataSource pool = new HikariDataSource();
        Plinth node = started(node().dataSource(pooled(pool, named)).instanceTimeToLive(BEATING))) {
      UUID id = node.instances().id();
      Instant before = find(node, id).heartbeatAt();

      try (Connection direct = database.connect()) {
        Sql.query(
            direct,
            """
            SELECT pg_terminate_backend(pid)
            FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'victim'
            """,
            row -> row.getBoolean(1));
      }

      await().ignoreExceptions().until(() -> find(node, id).heartbeatAt().isAfter(before));
      assertThat(node.instances().id()).isEqualTo(id);
      assertThat(node.instances().isAlive()).isTrue();
    }
  }

  @Test
  void heartbeat_poolOfOne_beatsWhenTheConnectionComesBack() {
    Duration patient = Duration.ofSeconds(12);
    try (Plinth node = started(node().dataSource(database.pool(1)).instanceTimeToLive(patient))) {
      UUID id = node.instances().id();
      Instant before = find(node, id).heartbeatAt();

      node.transact(tx -> Sql.execute(tx.connection(), "SELECT pg_sleep(3.5)"));

      await().until(() -> find(node, id).heartbeatAt().isAfter(before));
      assertThat(node.instances().isAlive(id)).isTrue();
    }
  }

  @Test
  void isAlive_databaseAway_endsBeforeOthersDeclareItDead() throws SQLException {
    AtomicBoolean away = new AtomicBoolean();
    try (Plinth node = started(switchable(away));
        Connection direct = database.connect()) {
      UUID id = node.instances().id();
      List<UUID> lost = new CopyOnWriteArrayList<>();
      node.instances().onLost(lost::add);

      away.set(true);
      // Asked in this order the answer holds however slow the machine is: nothing takes back an
      // expiry while the database is away.
      await().pollInterval(Duration.ofMillis(1)).until(() -> expired(direct, id));
      assertThat(node.instances().isAlive()).isFalse();
      away.set(false);

      await().until(() -> node.instances().isAlive());
      assertThat(node.instances().id()).isNotEqualTo(id);
      assertThat(node.instances().isAlive(id)).isFalse();
      await().untilAsserted(() -> assertThat(lost).containsExactly(id));
    }
  }

  @Test
  void isAlive_wallClockJumpsAhead_doubtsUntilTheNextHeartbeat() {
    SettableClock clock = new SettableClock();
    try (Plinth node = started(node().clock(clock).instanceTimeToLive(Duration.ofMinutes(2)))) {
      UUID id = node.instances().id();

      clock.advance(Duration.ofHours(1));

      assertThat(node.instances().isAlive()).isFalse();
      await().until(() -> node.instances().isAlive());
      assertThat(node.instances().id()).isEqualTo(id);
    }
  }

  @Test
  void isAlive_wallClockGoesBack_isStillBoundByTheMonotonicClock() {
    SettableClock clock = new SettableClock();
    AtomicBoolean away = new AtomicBoolean();
    try (Plinth node = started(switchable(away).clock(clock))) {
      clock.advance(Duration.ofHours(-1));
      assertThat(node.instances().isAlive()).isTrue();

      away.set(true);

      await().until(() -> !node.instances().isAlive());
      away.set(false);
    }
  }

  @Test
  void heartbeat_databaseClockJumpsAhead_instanceIsLostOnce() throws SQLException {
    try (Connection direct = database.connect()) {
      Sql.execute(direct, "CREATE TABLE public.shift (by interval NOT NULL)");
      Sql.execute(direct, "INSERT INTO public.shift VALUES ('0')");
      Schema schema =
          Schema.of("plinth")
              .withClock("(pg_catalog.statement_timestamp() + (SELECT by FROM public.shift))");
      try (Plinth node = started(node().schema(schema).instanceTimeToLive(BEATING))) {
        UUID id = node.instances().id();
        List<UUID> lost = new CopyOnWriteArrayList<>();
        List<UUID> ended = new CopyOnWriteArrayList<>();
        Subscription first = node.instances().onLost(ended::add);
        node.instances()
            .onLost(
                dead -> {
                  throw new AssertionError("an Error, not an exception");
                });
        node.instances().onLost(lost::add);
        first.close();
        first.close();

        Sql.execute(direct, "UPDATE public.shift SET by = '1 hour'");

        await().untilAsserted(() -> assertThat(lost).containsExactly(id));
        assertThat(ended).as("a listener whose subscription was closed").isEmpty();
        assertThat(node.instances().id()).isNotEqualTo(id);
        assertThat(find(node, id).state()).isEqualTo(Instance.State.DEAD);
        Instance next = find(node, node.instances().id());
        assertThat(next.state()).isEqualTo(Instance.State.ALIVE);
        await().until(() -> find(node, next.id()).heartbeatAt().isAfter(next.heartbeatAt()));
      }
    }
  }

  @Test
  void process_killed_isDeclaredDeadByAnother() {
    try (Plinth node = started(node().instanceTimeToLive(BEATING));
        ForkedJvm fork = ForkedJvm.start(Node.class, database.url())) {
      UUID id = id(fork.await("began as "));
      assertThat(find(node, id).state()).isEqualTo(Instance.State.ALIVE);

      fork.kill();

      await().until(() -> find(node, id).endedAt() != null);
      assertThat(find(node, id).state()).isEqualTo(Instance.State.DEAD);
      assertThat(node.instances().isAlive()).isTrue();
    }
  }

  @Test
  void process_pausedPastItsTime_knowsAndGoesOnUnderANewId() {
    try (Plinth node = started(node().instanceTimeToLive(BEATING));
        ForkedJvm fork = ForkedJvm.start(Node.class, database.url())) {
      UUID id = id(fork.await("began as "));

      fork.pause();
      await().until(() -> find(node, id).endedAt() != null);
      fork.resume();

      UUID next = id(fork.await("lost " + id + " and goes on as "));
      assertThat(next).isNotEqualTo(id);
      assertThat(find(node, id).state()).isEqualTo(Instance.State.DEAD);
      assertThat(find(node, next).state()).isEqualTo(Instance.State.ALIVE);
      assertThat(fork.isAlive()).as("never believed itself alive while it was dead").isTrue();
    }
  }

  /** A node in a process of its own that tells its ids. */
  static final class Node {
    private Node() {}

    public static void main(String[] args) {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      Plinth plinth =
          Plinth.builder()
              .dataSource(source)
              .modules(List.of())
              .withoutNotifications()
              .instanceTimeToLive(MORTAL)
              .build();
      plinth
          .instances()
          .onLost(
              id ->
                  System.out.println("lost " + id + " and goes on as " + plinth.instances().id()));
      plinth.start();
      System.out.println("began as " + plinth.instances().id());
      while (true) {
        UUID id = plinth.instances().id();
        boolean dead = find(plinth, id).state() != Instance.State.ALIVE;
        // Judged after the database has answered: whatever pause there was, it is known by now.
        if (dead && plinth.instances().isAlive(id)) {
          throw new AssertionError("believes itself alive though it is dead");
        }
      }
    }
  }

  private static DataSource pooled(HikariDataSource pool, DataSource source) {
    pool.setDataSource(source);
    pool.setMaximumPoolSize(2);
    return pool;
  }

  private PlinthBuilder node() {
    return Plinth.builder()
        .dataSource(database.pool(3))
        .withoutNotifications()
        .instanceTimeToLive(LONG);
  }

  private PlinthBuilder switchable(AtomicBoolean away) {
    DataSource real = database.pool(3);
    return Plinth.builder()
        .connectionSource(
            () -> {
              if (away.get()) {
                throw new SQLException("away", "08001");
              }
              return real.getConnection();
            })
        .withoutNotifications()
        .instanceTimeToLive(MORTAL);
  }

  private static Plinth started(PlinthBuilder builder) {
    Plinth plinth = builder.build();
    plinth.start();
    return plinth;
  }

  private static Instance find(Plinth plinth, UUID id) {
    return plinth.instances().find(id).orElseThrow();
  }

  private static boolean expired(Connection connection, UUID id) {
    return Sql.query(
            connection,
            "SELECT expires_at <= clock_timestamp() FROM plinth.instances WHERE id = ?",
            row -> row.getBoolean(1),
            id)
        .get(0);
  }

  private static boolean deadBySql(Plinth plinth, @Nullable UUID id) {
    String sql =
        "SELECT " + Liveness.dead("h.holder") + " FROM (SELECT CAST(? AS uuid) AS holder) h";
    return plinth.<Boolean, RuntimeException>transactReturning(
        tx ->
            Sql.query(tx.connection(), plinth.schema().render(sql), row -> row.getBoolean(1), id)
                .get(0));
  }

  /** At the end of the line. */
  private static UUID id(String line) {
    return UUID.fromString(line.substring(line.length() - 36));
  }
}
