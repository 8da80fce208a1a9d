package dev.plinth.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.batch.GroupCommit;
import dev.plinth.core.identity.NewUser;
import dev.plinth.core.presence.LiveConnection;
import dev.plinth.core.presence.NewConnection;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Background work on the host's executor: of whatever threads, and when it takes no more tasks. */
@PlinthTest
class ExecutorTest {
  private final TestDatabase database;

  ExecutorTest(TestDatabase database) {
    this.database = database;
  }

  @Test
  void executor_ofVirtualThreads_carriesEverything() throws Exception {
    Method factory = virtualThreads();
    assumeThat(factory).as("this JDK has virtual threads").isNotNull();
    ExecutorService threads = (ExecutorService) factory.invoke(null);
    try {
      carriesEverything(threads);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void executor_ofPlatformThreads_carriesEverything() {
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      carriesEverything(threads);
    } finally {
      threads.shutdownNow();
    }
  }

  private void carriesEverything(Executor executor) {
    AtomicInteger taken = new AtomicInteger();
    Executor counted =
        task -> {
          taken.incrementAndGet();
          executor.execute(task);
        };
    try (Plinth plinth =
            database
                .plinth(database.pool(6))
                .executor(counted)
                .instanceTimeToLive(Duration.ofSeconds(4))
                .build();
        GroupCommit<Integer, Integer> commits =
            plinth.groupCommit("t", 10, 100, (tx, items) -> items)) {
      AtomicInteger runs = new AtomicInteger();
      plinth.maintenance().register("t.often", Duration.ofMillis(100), runs::incrementAndGet);
      List<String> heard = new CopyOnWriteArrayList<>();
      plinth.notifications().subscribe("t", heard::add);

      plinth.start();

      UUID id = plinth.instances().id();
      var first = plinth.instances().find(id).orElseThrow().heartbeatAt();
      await().until(() -> plinth.notifications().isConnected());
      plinth.transact(tx -> plinth.notifications().send(tx, "t", "hello"));
      await().until(() -> heard.contains("hello"));
      await().until(() -> runs.get() > 1);
      assertThat(commits.submit(7).join()).isEqualTo(7);
      UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
      List<UUID> dismissed = new CopyOnWriteArrayList<>();
      plinth.liveConnections().onDismissed(dismissed::add);
      LiveConnection brief =
          plinth
              .liveConnections()
              .register(NewConnection.of(user).withTimeToLive(Duration.ofSeconds(1)));
      await().until(() -> dismissed.contains(brief.id()));
      await()
          .until(
              () ->
                  !plinth.instances().id().equals(id)
                      || plinth.instances().find(id).orElseThrow().heartbeatAt().isAfter(first));
    }
    assertThat(taken).as("tasks that the host's executor carried").hasPositiveValue();
  }

  @Test
  void start_executorTakesNothing_isToldAndLeavesNothingBehind() {
    for (int allowed = 0; allowed < 4; allowed++) {
      AtomicInteger left = new AtomicInteger(allowed);
      ExecutorService threads = Executors.newCachedThreadPool();
      Plinth plinth =
          database
              .plinth(database.pool(4))
              .executor(
                  task -> {
                    if (left.getAndDecrement() <= 0) {
                      throw new RejectedExecutionException("full");
                    }
                    threads.execute(task);
                  })
              .build();

      assertThatThrownBy(plinth::start).isInstanceOf(RejectedExecutionException.class);

      assertThat(plinth.isStarted()).isFalse();
      assertThat(alive()).isZero();
      plinth.transact(tx -> Sql.execute(tx.connection(), "SELECT 1"));
      plinth.close();
      threads.shutdownNow();
    }
  }

  @Test
  void executor_refusesForAWhile_everythingGoesOnAfterwards() {
    AtomicBoolean full = new AtomicBoolean();
    ExecutorService threads = Executors.newCachedThreadPool();
    try (Plinth plinth =
            database
                .plinth(database.pool(6))
                .executor(
                    task -> {
                      if (full.get()) {
                        throw new RejectedExecutionException("full");
                      }
                      threads.execute(task);
                    })
                .build();
        GroupCommit<Integer, Integer> commits =
            plinth.groupCommit("t", 10, 100, (tx, items) -> items)) {
      AtomicInteger runs = new AtomicInteger();
      plinth.start();
      UUID user = plinth.users().create(NewUser.withExternalId("ada")).id();
      List<UUID> dismissed = new CopyOnWriteArrayList<>();
      plinth.liveConnections().onDismissed(dismissed::add);

      full.set(true);
      plinth.maintenance().register("t.often", Duration.ofMillis(100), runs::incrementAndGet);
      assertThat(commits.submit(1).join()).as("its caller leads").isEqualTo(1);
      LiveConnection held =
          plinth
              .liveConnections()
              .register(NewConnection.of(user).withTimeToLive(Duration.ofSeconds(1)));
      assertThat(runs).hasValue(0);
      full.set(false);

      await().until(() -> runs.get() > 0);
      // A sign of life has the heartbeat begin, which then finds that no other came.
      plinth.liveConnections().seen(held.id());
      await().untilAsserted(() -> assertThat(dismissed).containsExactly(held.id()));
    } finally {
      threads.shutdownNow();
    }
  }

  private int alive() {
    try (Plinth plinth = database.plinth(database.pool(1)).build()) {
      return plinth.<Integer, RuntimeException>transactReturning(
          tx ->
              Sql.query(
                      tx.connection(),
                      "SELECT count(*) FROM plinth.instances WHERE ended_at IS NULL",
                      row -> row.getInt(1))
                  .get(0));
    }
  }

  private static Method virtualThreads() {
    try {
      return Executors.class.getMethod("newVirtualThreadPerTaskExecutor");
    } catch (NoSuchMethodException e) {
      return null;
    }
  }

  @Test
  void executor_afterClose_refusesEveryTask() {
    Plinth plinth = database.plinth(database.pool(1)).build();
    plinth.close();

    assertThatThrownBy(() -> plinth.executor().execute(() -> {}))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessage("Plinth is closed");
  }
}
