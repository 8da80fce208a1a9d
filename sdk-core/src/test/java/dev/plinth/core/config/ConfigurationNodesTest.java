package dev.plinth.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.Stopwatch;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Settings on several nodes, in races and crashes. */
@Tag("proof")
@PlinthTest(start = true, durable = true)
class ConfigurationNodesTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration SEEN_WITHIN = Duration.ofSeconds(1);
  private static final Change CHANGE = Change.byTheHost();
  private static final Setting<Long> BATCH = Setting.ofLong("import.batch", 100);

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Plinth plinth;
  private final Configuration configuration;
  private final TestNodes nodes;
  private final DataSource pool;

  ConfigurationNodesTest(Plinth plinth, TestNodes nodes, DataSource pool) {
    this.plinth = plinth;
    this.configuration = plinth.configuration();
    this.nodes = nodes;
    this.pool = pool;
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void set_isSeenByNodesThatListenAndThoseThatDoNot() {
    Plinth listening = nodes.start("listening").plinth();
    Plinth deaf = deaf();
    assertSeen(100, listening, deaf);

    configuration.set(BATCH, 7L, CHANGE);
    assertThat(configuration.get(BATCH)).isEqualTo(7);
    assertSeen(7, listening, deaf);
    deaf.configuration().set(BATCH, 8L, CHANGE);
    assertSeen(8, plinth, listening);
    configuration.reset(BATCH, CHANGE);
    assertSeen(100, listening, deaf);
    sql("UPDATE plinth.system_configuration SET value = '9'");
    assertSeen(9, plinth, listening, deaf);
    sql("DELETE FROM plinth.system_configuration");
    assertSeen(100, plinth, listening, deaf);
  }

  @Test
  void set_isSeenByOtherNodesWithinASecond() {
    for (Plinth seer : List.of(nodes.start("listening").plinth(), deaf())) {
      AtomicLong value = new AtomicLong(1_000);
      configuration.set(BATCH, value.get(), CHANGE);
      assertSeen(value.get(), seer);

      // What was just seen was just asked for: each change is made when the next look is farthest.
      assertThat(
              Stopwatch.bestOf(
                  10,
                  SEEN_WITHIN,
                  () -> configuration.set(BATCH, value.incrementAndGet(), CHANGE),
                  () -> seer.configuration().get(BATCH) == value.get()))
          .isLessThanOrEqualTo(SEEN_WITHIN);
    }
  }

  @Test
  void set_rolledBack_isSeenByNobodyAndToldToNobody() throws Exception {
    Plinth deaf = deaf();
    List<Long> told = new CopyOnWriteArrayList<>();
    configuration.onChange(BATCH, told::add);
    deaf.configuration().onChange(BATCH, told::add);

    assertThatThrownBy(
            () ->
                plinth.transact(
                    tx -> {
                      configuration.in(tx).set(BATCH, 7L, CHANGE);
                      // The standalone form takes part in the transaction, and must not remember.
                      assertThat(configuration.get(BATCH)).isIn(7L, 100L);
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");
    assertThat(configuration.get(BATCH)).isEqualTo(100);
    configuration.set(BATCH, 8L, CHANGE);

    await().atMost(PATIENCE).untilAsserted(() -> assertThat(told).containsExactly(8L, 8L));
  }

  @Test
  void get_inATransactionWithAnOldSnapshot_leavesNothingBehind() {
    assertThat(configuration.get(BATCH)).isEqualTo(100);
    plinth.transact(
        TxOptions.defaults().withIsolation(TxOptions.Isolation.REPEATABLE_READ),
        tx -> {
          assertThat(configuration.in(tx).get(BATCH)).isEqualTo(100);
          elsewhere(() -> configuration.set(BATCH, 7L, CHANGE));
          assertThat(configuration.get(BATCH)).isEqualTo(100);
        });

    assertThat(configuration.get(BATCH)).isEqualTo(7);
  }

  @Test
  void get_readWhileItIsSet_neverRemembersWhatIsOver() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    List<Future<?>> readers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      readers.add(
          threads.submit(
              () -> {
                while (!over.get()) {
                  configuration.get(BATCH);
                }
              }));
    }
    for (long i = 1; i <= (LARGE ? 2_000 : 100); i++) {
      configuration.set(BATCH, i, CHANGE);
      assertThat(configuration.get(BATCH)).isEqualTo(i);
    }
    over.set(true);
    for (Future<?> reader : readers) {
      reader.get();
    }
  }

  @Test
  void onChange_tellsTheLastValueToEveryListenerAndNothingTwice() {
    Plinth deaf = deaf();
    List<Long> told = new CopyOnWriteArrayList<>();
    List<Long> toldToDeaf = new CopyOnWriteArrayList<>();
    List<Long> toldToClosed = new CopyOnWriteArrayList<>();
    configuration.set(BATCH, 1L, CHANGE);
    configuration.onChange(
        BATCH,
        value -> {
          throw new IllegalStateException("no");
        });
    configuration.onChange(BATCH, told::add);
    deaf.configuration().onChange(BATCH, toldToDeaf::add);
    Subscription closed = configuration.onChange(BATCH, toldToClosed::add);
    closed.close();

    for (long i = 2; i <= 30; i++) {
      configuration.set(BATCH, i, CHANGE);
    }

    await().atMost(PATIENCE).untilAsserted(() -> assertThat(told).endsWith(30L));
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(toldToDeaf).endsWith(30L));
    assertThat(told).isSorted().doesNotHaveDuplicates();
    assertThat(toldToDeaf).isSorted().doesNotHaveDuplicates();
    assertThat(toldToClosed).isEmpty();
  }

  @Test
  void onChange_beforeStart_isToldOnceStarted() {
    Plinth later = nodes.add("later").plinth();
    List<Long> told = new CopyOnWriteArrayList<>();
    later.configuration().onChange(BATCH, told::add);
    configuration.set(BATCH, 7L, CHANGE);

    later.start();

    await().atMost(PATIENCE).untilAsserted(() -> assertThat(told).containsExactly(7L));
  }

  @Test
  void set_byManyWithTheVersionTheyRead_losesNothingAndTheHistoryIsAChain() throws Exception {
    int setters = 4;
    int each = LARGE ? 250 : 10;
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < setters; i++) {
      running.add(
          threads.submit(
              () -> {
                for (int done = 0; done < each; ) {
                  SettingValue<Long> read = configuration.read(BATCH);
                  try {
                    configuration.set(BATCH, read.value() + 1, read.version(), CHANGE);
                    done++;
                  } catch (StaleSettingException e) {
                    Thread.onSpinWait();
                  }
                }
              }));
    }
    for (Future<?> setter : running) {
      setter.get();
    }

    int total = setters * each;
    assertThat(configuration.read(BATCH).value()).isEqualTo(100 + total);
    List<SettingChange> history = configuration.history(BATCH, null, 1000);
    assertThat(history)
        .extracting(SettingChange::version)
        .isEqualTo(LongStream.range(0, total).mapToObj(i -> total - i).toList());
    for (int i = 1; i < history.size(); i++) {
      assertThat(history.get(i - 1).oldValue()).isEqualTo(history.get(i).newValue());
    }
    assertThat(history.get(total - 1).oldValue()).isNull();
    assertThat(history.get(total - 1).newValue()).isEqualTo(Json.of("101"));
  }

  @Test
  void setter_killedBeforeItsCommit_hasSetNothingAndBlocksNobody(TestDatabase database) {
    Plinth deaf = deaf();
    try (ForkedJvm setter = ForkedJvm.start(Setter.class, database.url())) {
      setter.await("set");
      setter.kill();
    }

    configuration.set(BATCH, 8L, CHANGE);

    assertSeen(8, plinth, deaf);
    assertThat(configuration.history(BATCH, null, 10)).hasSize(1);
  }

  @Test
  void setter_killedAfterItsCommit_hasSetItForEveryNode(TestDatabase database) {
    Plinth deaf = deaf();
    assertSeen(100, plinth, deaf);
    try (ForkedJvm setter = ForkedJvm.start(Setter.class, database.url())) {
      setter.await("set");
      setter.send("commit");
      setter.await("committed");
      setter.kill();
    }

    assertSeen(7, plinth, deaf);
    assertThat(configuration.history(BATCH, null, 10)).hasSize(1);
  }

  /** Commits as the host does, and tells nobody. */
  private static final class Setter {
    public static void main(String[] args) throws Exception {
      try (TestDatabase database = TestDatabase.attach(args[0]);
          Plinth plinth = database.plinth(database.pool(2)).build();
          Connection host = database.connect()) {
        host.setAutoCommit(false);
        plinth.configuration().in(plinth.join(host)).set(BATCH, 7L, CHANGE);
        ForkedJvm.report("set");
        ForkedJvm.awaitOrder("commit");
        host.commit();
        ForkedJvm.report("committed");
        ForkedJvm.awaitOrder("never");
      }
    }
  }

  @Test
  void history_applicationsRole_mayAddAndNothingElse() throws Exception {
    String role = "app_" + Long.toHexString(System.nanoTime());
    sql("CREATE ROLE " + role);
    plinth.migrations().grants(role).forEach(this::sql);
    try (Connection application = pool.getConnection()) {
      Sql.execute(application, "SET ROLE " + role);
      application.setAutoCommit(false);
      Configuration joined = configuration.in(plinth.join(application));
      joined.set(BATCH, 7L, CHANGE);
      application.commit();
      for (String refused :
          List.of(
              "DELETE FROM plinth.system_configuration_history",
              "UPDATE plinth.system_configuration_history SET reason = 'x'",
              "TRUNCATE plinth.system_configuration_history")) {
        assertThatThrownBy(() -> Sql.execute(application, refused))
            .hasStackTraceContaining("permission denied");
        application.rollback();
      }
      Sql.execute(application, "RESET ROLE");
      application.commit();
    } finally {
      sql("DROP OWNED BY " + role);
      sql("DROP ROLE " + role);
    }

    assertThat(configuration.get(BATCH)).isEqualTo(7);
  }

  private void assertSeen(long value, Plinth... seers) {
    for (Plinth seer : seers) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(seer.configuration().get(BATCH)).isEqualTo(value));
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

  private void sql(String statement) {
    plinth.transact(tx -> Sql.execute(tx.connection(), statement));
  }
}
