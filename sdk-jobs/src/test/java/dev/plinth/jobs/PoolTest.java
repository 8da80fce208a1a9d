package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@PlinthTest
class PoolTest {
  private Jobs inspect;

  @BeforeEach
  void create(Jobs injected) {
    inspect = injected;
  }

  @AfterEach
  void invariantsHold() {
    assertThat(inspect.check()).isEmpty();
  }

  private void enqueue(int jobs) {
    inspect.enqueueAll(
        Kinds.PLAIN,
        IntStream.range(0, jobs).mapToObj(Number::new).toList(),
        JobOptions.defaults());
  }

  private void awaitAllCompleted() {
    await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .until(
            () ->
                inspect.list(JobFilter.all(), Page.first(1000)).stream()
                    .allMatch(job -> job.status() == JobStatus.COMPLETED));
  }

  @Test
  void poolOfThree_sixtyFourHandlersAtWork_holdNoConnection(TestDatabase database)
      throws Exception {
    HikariDataSource pool = database.pool(3);
    CountDownLatch allAtWork = new CountDownLatch(64);
    CountDownLatch goOn = new CountDownLatch(1);
    try (Plinth plinth = database.plinth(pool).build();
        Jobs jobs =
            Jobs.builder(plinth)
                .workers(64)
                .handle(
                    Kinds.PLAIN,
                    (args, run) -> {
                      allAtWork.countDown();
                      goOn.await();
                      run.progress(1, 2, null);
                      plinth.transact(tx -> run.fence(tx.connection()));
                    })
                .build()) {
      jobs.start();
      enqueue(300);
      assertThat(allAtWork.await(30, TimeUnit.SECONDS)).isTrue();
      // Whatever background work has one for a moment gives it back.
      try (Connection one = pool.getConnection();
          Connection two = pool.getConnection()) {
        assertThat(one.isValid(1) && two.isValid(1)).isTrue();
      }
      goOn.countDown();
      awaitAllCompleted();
    }
  }

  @Test
  void poolExhaustedForAWhile_everythingEndsAfterwards(TestDatabase database) throws Exception {
    HikariDataSource pool = database.pool(3, Duration.ofMillis(300));
    CountDownLatch begun = new CountDownLatch(8);
    CountDownLatch goOn = new CountDownLatch(1);
    try (Plinth plinth = database.plinth(pool).build();
        Jobs jobs =
            Jobs.builder(plinth)
                .workers(8)
                .handle(
                    Kinds.PLAIN,
                    (args, run) -> {
                      begun.countDown();
                      goOn.await();
                    })
                .build()) {
      jobs.start();
      enqueue(40);
      assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
      try (Connection one = pool.getConnection();
          Connection two = pool.getConnection()) {
        goOn.countDown();
        await().during(Duration.ofSeconds(1)).until(() -> one.isValid(1) && two.isValid(1));
      }
      awaitAllCompleted();
    }
  }

  @Test
  void connectionsTerminated_everythingEndsOnce(TestDatabase database) {
    HikariDataSource pool = database.pool(5);
    try (Plinth plinth = database.plinth(pool).build();
        Jobs jobs =
            Jobs.builder(plinth)
                .workers(8)
                .pollInterval(Duration.ofMillis(50))
                .handle(Kinds.PLAIN, (args, run) -> run.progress(1, 1, null))
                .build()) {
      enqueue(800);
      jobs.start();
      for (int round = 0; round < 8; round++) {
        await().pollDelay(Duration.ofMillis(40)).until(() -> true);
        assertThat(terminate(database)).doesNotContain(false);
      }
      awaitAllCompleted();
    }
  }

  /** Ends every other session on the database, in the middle of whatever it does. */
  private static List<Boolean> terminate(TestDatabase database) {
    try (Connection connection = database.connect()) {
      return Sql.query(
          connection,
          """
          SELECT pg_terminate_backend(pid)
          FROM pg_stat_activity
          WHERE datname = current_database()
            AND pid <> pg_backend_pid()
          """,
          row -> row.getBoolean(1));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
