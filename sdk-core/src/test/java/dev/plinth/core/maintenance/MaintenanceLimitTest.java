package dev.plinth.core.maintenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthBuilder;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A task that hangs beyond its limit. */
@PlinthTest
class MaintenanceLimitTest {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration OFTEN = Duration.ofMillis(100);

  /** A stall of some seconds must not take the lease of a node that does well. */
  private static final Duration LEASE = Duration.ofSeconds(10);

  private final TestDatabase database;

  MaintenanceLimitTest(TestDatabase database) {
    this.database = database;
  }

  @Test
  void run_beyondItsLimit_isInterruptedRecordedAndRunsAgain() {
    AtomicInteger runs = new AtomicInteger();
    try (Plinth node = node().maintenanceLimit(Duration.ofMillis(300)).build()) {
      node.maintenance()
          .register(
              "t.hangs",
              HOUR,
              () -> {
                if (runs.incrementAndGet() == 1) {
                  new CountDownLatch(1).await();
                }
              });

      assertThat(node.maintenance().runNow("t.hangs")).isTrue();
      assertThat(lastError(node)).startsWith("java.lang.InterruptedException");
      assertThat(Thread.currentThread().isInterrupted()).isFalse();

      assertThat(node.maintenance().runNow("t.hangs")).isTrue();
      assertThat(lastError(node)).isNull();
      assertThat(runs).hasValue(2);
    }
  }

  @Test
  void run_beyondItsLimitAndDeafToInterrupts_anotherTakesOverAndItsEndChangesNothing()
      throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    CountDownLatch interrupted = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch takenOver = new CountDownLatch(1);
    CountDownLatch releaseSecond = new CountDownLatch(1);
    AtomicBoolean afterTheInterrupt = new AtomicBoolean();
    CountDownLatch begun = new CountDownLatch(1);
    try (Plinth second = node().build()) {
      Plinth hung = node().maintenanceLimit(Duration.ofSeconds(1)).executor(threads).build();
      try (hung) {
        hung.maintenance()
            .register(
                "t.hangs",
                HOUR,
                () -> {
                  begun.countDown();
                  awaitDeafly(release, interrupted);
                });
        hung.start();
        assertThat(begun.await(1, TimeUnit.MINUTES)).isTrue();
        UUID holder = hung.instances().id();
        assertThat(holder()).isEqualTo(holder);

        second
            .maintenance()
            .register(
                "t.hangs",
                OFTEN,
                () -> {
                  afterTheInterrupt.set(interrupted.getCount() == 0);
                  takenOver.countDown();
                  releaseSecond.await();
                });
        second.start();
        assertThat(takenOver.await(1, TimeUnit.MINUTES)).isTrue();
        assertThat(afterTheInterrupt).isTrue();
        // The node itself lives and works; only this task of it hangs.
        assertThat(hung.instances().isAlive()).isTrue();
        assertThat(hung.instances().id()).isEqualTo(holder);
        assertThat(hung.maintenance().runNow("t.hangs")).isFalse();

        release.countDown();
      }
      threads.shutdown();
      assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();

      assertThat(holder()).isEqualTo(second.instances().id());
      assertThat(ended()).isEqualTo("0 runs, 0 failures, never");
      releaseSecond.countDown();
      await().until(() -> ended().matches("[1-9]\\d* runs, 0 failures, .*"));
      assertThat(lastError(second)).isNull();
    } finally {
      release.countDown();
      releaseSecond.countDown();
      threads.shutdownNow();
    }
  }

  @Test
  void maintenanceLimit_unfit_isRefused() {
    assertThatThrownBy(() -> node().maintenanceLimit(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("limit must be longer than zero, but is PT0S");
    assertThatThrownBy(() -> node().maintenanceLimit(Duration.ofDays(366)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("limit must be at most 365 days, but is PT8784H");
  }

  private static void awaitDeafly(CountDownLatch release, CountDownLatch interrupted) {
    boolean over = false;
    while (!over) {
      try {
        release.await();
        over = true;
      } catch (InterruptedException e) {
        interrupted.countDown();
      }
    }
  }

  private PlinthBuilder node() {
    return database.plinth(database.pool(4)).withoutNotifications().instanceTimeToLive(LEASE);
  }

  private UUID holder() {
    return task("holder", UUID.class);
  }

  private String ended() {
    return task(
        "runs || ' runs, ' || failures || ' failures, '"
            + " || coalesce(last_finished_at::text, 'never')",
        String.class);
  }

  private static String lastError(Plinth plinth) {
    return plinth.maintenance().status().stream()
        .filter(status -> status.name().equals("t.hangs"))
        .findFirst()
        .orElseThrow()
        .lastError();
  }

  private <T> T task(String expression, Class<T> type) {
    try (var connection = database.connect()) {
      return Sql.query(
              connection,
              "SELECT " + expression + " FROM plinth.maintenance_tasks WHERE name = 't.hangs'",
              row -> row.getObject(1, type))
          .get(0);
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
