package dev.plinth.core.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A rotation that ends anywhere is gone on with, and nobody notices. */
@Tag("proof")
@PlinthTest(durable = true)
class RotateCrashTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final Set<String> BOUNDARIES =
      Set.of("prepareStatement", "createStatement", "commit");

  private final TestDatabase database;
  private final DataSource pool;

  RotateCrashTest(TestDatabase database, DataSource pool) {
    this.database = database;
    this.pool = pool;
  }

  @BeforeEach
  void table() {
    try (Plinth plinth = Wares.plinth(database, pool, Wares.OLD)) {
      Wares.create(plinth);
    }
  }

  @Test
  void rotate_connectionLostBeforeEveryStatementInTurn_isFinishedByTheNext() {
    int wares = 250;
    try (Plinth plinth = Wares.plinth(database, pool, Wares.OLD)) {
      Wares.insert(plinth, 1, wares);
      Map<Long, String> values = Wares.read(plinth);
      boolean cut = true;
      int boundary = 0;
      while (cut) {
        boundary += LARGE ? 1 : 5;
        UUID target = plinth.vault().keys().beginEpoch().id();
        cut = rotateCutAt(boundary);
        assertThat(Wares.read(plinth)).as("cut before statement %s", boundary).isEqualTo(values);
        plinth.vault().keys().rotate();
        assertThat(Wares.byDataKey(plinth)).isEqualTo(Map.of(target, (long) wares));
        assertThat(Wares.read(plinth)).isEqualTo(values);
      }
      assertThat(boundary).isGreaterThan(20);
      System.out.println("rotate crash: cut at up to " + boundary + " statements and commits");
    }
  }

  /** False when the rotation came to its end before that many statements. */
  private boolean rotateCutAt(int boundary) {
    AtomicInteger left = new AtomicInteger(boundary);
    try (Plinth doomed =
        Plinth.builder()
            .connectionSource(() -> mortal(pool.getConnection(), left))
            .schema(database.schema("plinth"))
            .clock(database.clock())
            .keys(Wares.OLD)
            .withoutNotifications()
            .build()) {
      doomed.vault().keys().register(Wares.COLUMN);
      doomed.vault().keys().rotate();
    } catch (RuntimeException e) {
      assertThat(left.get()).as("failed by itself: %s", e).isNotPositive();
    }
    return left.get() <= 0;
  }

  /** A connection that is lost instead of beginning the last statement it was given. */
  private static Connection mortal(Connection real, AtomicInteger left) throws SQLException {
    if (left.get() <= 0) {
      real.close();
      throw new SQLException("The process is dead", "08006");
    }
    return (Connection)
        Proxy.newProxyInstance(
            RotateCrashTest.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              if (BOUNDARIES.contains(method.getName()) && left.decrementAndGet() <= 0) {
                real.abort(Runnable::run);
                throw new SQLException("The process is dead", "08006");
              }
              try {
                return method.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void rotate_nodeKilledAgainAndAgain_isFinishedWhileReadersReadOn() throws Exception {
    int wares = LARGE ? 50_000 : 3_000;
    int kills = LARGE ? 8 : 2;
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger reads = new AtomicInteger();
    ExecutorService reader = Executors.newSingleThreadExecutor();
    try (Plinth plinth = Wares.plinth(database, pool, Wares.OLD)) {
      Wares.insert(plinth, 1, wares);
      Map<Long, String> values = Wares.read(plinth);
      UUID target = plinth.vault().keys().beginEpoch().id();
      Future<?> reading =
          reader.submit(
              () -> {
                while (!over.get()) {
                  assertThat(Wares.read(plinth)).isEqualTo(values);
                  reads.incrementAndGet();
                }
                return null;
              });
      for (int kill = 1; kill <= kills; kill++) {
        int goal = wares / (kills + 1) * kill / 2;
        try (ForkedJvm node = ForkedJvm.start(Rotator.class, database.url())) {
          await().atMost(Duration.ofMinutes(2)).until(() -> rotated(plinth, target) > goal);
          node.kill();
        }
        assertThat(Wares.read(plinth)).isEqualTo(values);
      }
      plinth.vault().keys().rotate();
      over.set(true);
      reading.get();

      assertThat(Wares.byDataKey(plinth)).isEqualTo(Map.of(target, (long) wares));
      assertThat(Wares.read(plinth)).isEqualTo(values);
      System.out.println(
          "rotate crash: " + wares + " values, " + kills + " kills, " + reads + " full reads");
    } finally {
      over.set(true);
      reader.shutdownNow();
    }
  }

  private static long rotated(Plinth plinth, UUID target) {
    return Wares.byDataKey(plinth).getOrDefault(target, 0L);
  }

  /** Rotates until it is killed. */
  static final class Rotator {
    private Rotator() {}

    public static void main(String[] args) {
      try (TestDatabase database = TestDatabase.attach(args[0]);
          Plinth plinth = Wares.plinth(database, database.pool(2), Wares.OLD)) {
        plinth.vault().keys().rotate();
        ForkedJvm.report("done");
      }
    }
  }
}
