package dev.plinth.core.maintenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.SettableClock;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

@PlinthTest
class MaintenanceTest {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration LONG = Duration.ofMinutes(1);

  /** Of a process that is to lose its lease: a stall of some seconds must not take it before. */
  private static final Duration LEASE = Duration.ofSeconds(6);

  private final TestDatabase database;

  MaintenanceTest(TestDatabase database) {
    this.database = database;
  }

  @Test
  void start_threeNodes_runTheTaskOnceInEachPeriod() {
    AtomicInteger runs = new AtomicInteger();
    List<Plinth> nodes = new ArrayList<>();
    var before = database.clock().instant();
    try {
      for (int n = 0; n < 3; n++) {
        Plinth node = node().build();
        node.maintenance().register("t.count", Duration.ofSeconds(2), runs::incrementAndGet);
        nodes.add(node);
        node.start();
      }

      await().atMost(LONG).until(() -> status(nodes.get(0), "t.count").lastFinishedAt() != null);
      var first = status(nodes.get(0), "t.count").lastStartedAt();
      await()
          .atMost(LONG)
          .until(() -> !status(nodes.get(0), "t.count").lastStartedAt().equals(first));

      var second = status(nodes.get(0), "t.count").lastStartedAt();
      assertThat(Duration.between(first, second)).isGreaterThanOrEqualTo(Duration.ofSeconds(2));
      // What was claimed may not have begun yet.
      await().atMost(LONG).until(() -> runs.get() >= 2);
      // A slow machine may have begun more since, but never one before its time.
      int counted = runs.get();
      Duration since = Duration.between(before, database.clock().instant());
      assertThat((long) counted).isLessThanOrEqualTo(since.toSeconds() / 2 + 1);
    } finally {
      nodes.forEach(Plinth::close);
    }
  }

  @Test
  void start_nodesWhoseClocksDiffer_stillRunItOnceInAnHour() {
    AtomicInteger runs = new AtomicInteger();
    SettableClock ahead = new SettableClock();
    SettableClock behind = new SettableClock();
    ahead.advance(Duration.ofHours(5));
    behind.advance(Duration.ofHours(-5));
    try (Plinth one = node().clock(ahead).build();
        Plinth two = node().clock(behind).build()) {
      one.maintenance().register("t.hourly", HOUR, runs::incrementAndGet);
      two.maintenance().register("t.hourly", HOUR, runs::incrementAndGet);
      AtomicInteger beside = new AtomicInteger();
      one.maintenance().register("t.often", Duration.ofMillis(100), beside::incrementAndGet);
      one.start();
      two.start();

      await().atMost(LONG).until(() -> beside.get() > 10);

      assertThat(runs).hasValue(1);
    }
  }

  @Test
  void runNow_anotherNodeIsRunningIt_isRefused() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try (Plinth one = started(node());
        Plinth two = started(node())) {
      one.maintenance()
          .register(
              "t.slow",
              HOUR,
              () -> {
                begun.countDown();
                release.await();
              });
      begun.await();
      AtomicInteger runs = new AtomicInteger();
      two.maintenance().register("t.slow", HOUR, runs::incrementAndGet);

      assertThat(two.maintenance().runNow("t.slow")).isFalse();
      assertThat(status(two, "t.slow").holder()).isEqualTo(one.instances().id());
      release.countDown();

      await().atMost(LONG).until(() -> two.maintenance().runNow("t.slow"));
      assertThat(runs).hasValue(1);
      assertThat(status(two, "t.slow").holder()).isNull();
    }
  }

  @Test
  void run_longerThanTheLease_isRenewed() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AtomicBoolean interrupted = new AtomicBoolean();
    try (Plinth one = started(node().instanceTimeToLive(Duration.ofSeconds(12)));
        Plinth two = node().build()) {
      one.maintenance()
          .register(
              "t.long",
              HOUR,
              () -> {
                begun.countDown();
                try {
                  release.await();
                } catch (InterruptedException e) {
                  interrupted.set(true);
                  throw e;
                }
              });
      begun.await();
      two.maintenance().register("t.long", HOUR, () -> {});

      await().pollDelay(Duration.ofSeconds(13)).until(() -> !two.maintenance().runNow("t.long"));
      release.countDown();

      await().until(() -> status(two, "t.long").lastFinishedAt() != null);
      assertThat(status(two, "t.long").lastError()).isNull();
      assertThat(interrupted).isFalse();
    }
  }

  @Test
  void run_throws_isRecordedAndRunsAgain() {
    AtomicInteger runs = new AtomicInteger();
    try (Plinth node = node().build()) {
      node.maintenance()
          .register(
              "t.fails",
              HOUR,
              () -> {
                if (runs.incrementAndGet() == 1) {
                  throw new IllegalStateException("first time unlucky");
                }
              });

      assertThat(node.maintenance().runNow("t.fails")).isTrue();
      assertThat(status(node, "t.fails").lastError())
          .isEqualTo("java.lang.IllegalStateException: first time unlucky");
      assertThat(node.maintenance().runNow("t.fails")).isTrue();
      assertThat(status(node, "t.fails").lastError()).isNull();
    }
  }

  @Test
  void close_interruptsWhatRunsAndGivesTheLeaseBack(Plinth plinth) throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    Plinth node = started(node());
    node.maintenance()
        .register(
            "t.endless",
            HOUR,
            () -> {
              begun.countDown();
              new CountDownLatch(1).await();
            });
    begun.await();

    node.close();

    assertThat(status(plinth, "t.endless").holder()).isNull();
    assertThat(status(plinth, "t.endless").lastError())
        .startsWith("java.lang.InterruptedException");
  }

  @Test
  void process_killed_anotherNodeTakesOver() {
    AtomicInteger runs = new AtomicInteger();
    try (Plinth node = started(node());
        ForkedJvm fork = ForkedJvm.start(Holder.class, database.url())) {
      fork.await("running");
      node.maintenance().register("t.held", HOUR, runs::incrementAndGet);
      assertThat(node.maintenance().runNow("t.held")).isFalse();

      fork.kill();

      await().atMost(LONG).until(() -> node.maintenance().runNow("t.held") || runs.get() > 0);
      assertThat(runs.get()).isPositive();
      assertThat(status(node, "t.held").lastError()).isNull();
    }
  }

  @Test
  void process_paused_losesItsTaskAndIsInterrupted() {
    try (Plinth node = started(node());
        ForkedJvm fork = ForkedJvm.start(Holder.class, database.url())) {
      fork.await("running");
      CompletableFuture<Boolean> ran = new CompletableFuture<>();

      fork.pause();
      node.maintenance().register("t.held", HOUR, () -> ran.complete(true));
      assertThat(ran).succeedsWithin(LONG);
      fork.resume();

      fork.await("interrupted");
      await().until(() -> status(node, "t.held").holder() == null);
      assertThat(status(node, "t.held").lastError()).isNull();
    }
  }

  /** Holds a task for ever. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws Exception {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(args[0]);
      Plinth plinth =
          Plinth.builder()
              .dataSource(source)
              .modules(List.of())
              .withoutNotifications()
              .instanceTimeToLive(LEASE)
              .build();
      CountDownLatch never = new CountDownLatch(1);
      plinth
          .maintenance()
          .register(
              "t.held",
              HOUR,
              () -> {
                System.out.println("running");
                try {
                  never.await();
                } catch (InterruptedException e) {
                  System.out.println("interrupted");
                  throw e;
                }
              });
      plinth.start();
      never.await();
    }
  }

  @Test
  void register_badArguments_areRefused(Plinth plinth) {
    Maintenance maintenance = plinth.maintenance();
    assertThatThrownBy(() -> maintenance.register("Upper", HOUR, () -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("name must be ");
    assertThatThrownBy(() -> maintenance.register("t", Duration.ZERO, () -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("period must be longer than zero, but is PT0S");
    assertThatThrownBy(() -> maintenance.register("core.partitions", HOUR, () -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("name must be new, but a task core.partitions is registered already");
    assertThatThrownBy(() -> maintenance.runNow("unknown"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("name must be that of a task registered here");
  }

  @Test
  void runNow_coreTasks_goWell(Plinth plinth) {
    assertThat(plinth.maintenance().runNow("core.partitions")).isTrue();
    assertThat(plinth.maintenance().runNow("core.instances")).isTrue();

    assertThat(plinth.maintenance().status())
        .extracting(TaskStatus::name, TaskStatus::lastError)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("core.instances", null),
            org.assertj.core.groups.Tuple.tuple("core.partitions", null));
  }

  private PlinthBuilder node() {
    return database.plinth(database.pool(4)).withoutNotifications().instanceTimeToLive(LONG);
  }

  private static Plinth started(PlinthBuilder builder) {
    Plinth plinth = builder.build();
    plinth.start();
    return plinth;
  }

  private static TaskStatus status(Plinth plinth, String name) {
    return plinth.maintenance().status().stream()
        .filter(status -> status.name().equals(name))
        .findFirst()
        .orElseGet(() -> new TaskStatus(name, null, null, null, null));
  }
}
