package dev.plinth.jobs;

import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.PlinthException;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sessions are ended at random while two nodes drain; every job must end once. */
@Tag("proof")
@PlinthTest
class CutTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int JOBS = LARGE ? 10_000 : 1_000;
  private static final int CUTS = LARGE ? 300 : 20;

  @Test
  void sessionsTerminatedAtRandom_everyJobEndsOnce(
      Plinth plinth, Jobs inspect, TestDatabase database) throws Exception {
    Effects.create(plinth);
    BatchId batch = inspect.batch("cut").onCompletion(Effects.EXACT, new Number(0)).create();
    Random random = new Random(20261129);
    JobOptions options = JobOptions.defaults().batch(batch);
    inspect.enqueueAll(Effects.EXACT, Effects.numbers(JOBS / 2), options);
    inspect.enqueueAll(Effects.FENCED, Effects.numbers(JOBS / 4), options);
    inspect.enqueueAll(Effects.SECOND, Effects.numbers(JOBS / 4), options);
    inspect.seal(batch);
    try (Connection judge = database.connect();
        Plinth one = database.plinth(database.pool(4)).build();
        Plinth two = database.plinth(database.pool(4)).build();
        Jobs first = Effects.handled(one).workers(6).build();
        Jobs second = Effects.handled(two).workers(6).build()) {
      first.start();
      second.start();
      for (int cut = 0; cut < CUTS; cut++) {
        await().pollDelay(Duration.ofMillis(random.nextInt(60))).until(() -> true);
        terminate(judge, random.nextInt(8));
      }
      Effects.awaitEnded(plinth, Duration.ofMinutes(3));
      await()
          .ignoreExceptionsInstanceOf(PlinthException.class)
          .until(() -> inspect.batch(batch).orElseThrow().isFinished());
      Effects.awaitEnded(plinth, Duration.ofMinutes(1));
    }
    Effects.areRight(plinth, inspect, JOBS + 1L);
  }

  /** One of the others' sessions, in the middle of whatever it does; those at work first. */
  private static void terminate(Connection judge, int which) throws SQLException {
    Sql.query(
        judge,
        """
        SELECT pg_terminate_backend(pid)
        FROM (
          SELECT pid
          FROM pg_stat_activity
          WHERE datname = current_database()
            AND pid <> pg_backend_pid()
          ORDER BY state = 'idle', pid
          OFFSET ?
          LIMIT 1) one
        """,
        row -> row.getBoolean(1),
        which);
  }
}
