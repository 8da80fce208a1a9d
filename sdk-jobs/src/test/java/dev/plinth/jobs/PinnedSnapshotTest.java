package dev.plinth.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import dev.plinth.test.TestNodes;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Somebody holds a snapshot open, so that no dead row can be removed, for ten minutes in the large
 * setting; the queue goes on, and loses and repeats nothing.
 */
@Tag("proof")
@PlinthTest
class PinnedSnapshotTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final Duration PINNED = LARGE ? Duration.ofMinutes(10) : Duration.ofSeconds(6);
  private static final int AT_ONCE = 150;
  private static final int BACKLOG = 3_000;

  @Test
  void pinnedSnapshot_queueGoesOn_nothingLostNothingTwice(
      Plinth plinth, Jobs inspect, TestDatabase database, TestNodes nodes) throws Exception {
    Effects.create(plinth);
    Plinth second = nodes.start("second").plinth();
    long expected = 0;
    Random random = new Random(20261129);
    List<String> rates = new ArrayList<>();
    AtomicLong ended = new AtomicLong();
    try (Connection pin = database.connect();
        Connection late = database.connect();
        Jobs first = Effects.handled(plinth).workers(8).build();
        Jobs other = Effects.handled(second).workers(8).build()) {
      pin.setAutoCommit(false);
      pin.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      Sql.query(pin, "SELECT count(*) FROM plinth.computational_jobs", row -> row.getLong(1));
      late.setAutoCommit(false);
      first.start();
      other.start();
      long end = System.nanoTime() + PINNED.toNanos();
      long window = System.nanoTime();
      int held = 0;
      while (System.nanoTime() - end < 0) {
        int kind = random.nextInt(3);
        inspect.enqueueAll(
            kind == 0 ? Effects.EXACT : kind == 1 ? Effects.FENCED : Effects.SECOND,
            Effects.numbers(AT_ONCE),
            options(random));
        expected += AT_ONCE;
        // One that is there from the beginning and comes to light some rounds later.
        inspect.in(plinth.join(late)).enqueue(Effects.EXACT, new Number(1), options(random));
        held++;
        if (random.nextInt(10) == 0) {
          late.commit();
          expected += held;
          held = 0;
        } else if (random.nextInt(30) == 0) {
          late.rollback();
          held = 0;
        }
        await()
            .pollInterval(Duration.ofMillis(5))
            .atMost(Duration.ofMinutes(5))
            .until(() -> waiting(plinth) < BACKLOG);
        if (System.nanoTime() - window > PINNED.toNanos() / 10) {
          long now = Effects.count(plinth, "SELECT count(*) FROM effects");
          rates.add(
              Math.round((now - ended.getAndSet(now)) * 1e9 / (System.nanoTime() - window)) + "/s");
          window = System.nanoTime();
        }
      }
      late.commit();
      expected += held;
      await().atMost(Duration.ofMinutes(5)).until(() -> Effects.pending(plinth) == 0);
      assertThat(isPinned(pin)).isTrue();
    }
    System.out.println("pinned: " + expected + " jobs; effects in tenths: " + rates);
    Effects.areRight(plinth, inspect, expected);
  }

  private static JobOptions options(Random random) {
    JobOptions options = JobOptions.defaults().priority(random.nextInt(4) - 1);
    return random.nextInt(5) == 0 ? options.delay(Duration.ofMillis(50)) : options;
  }

  /** From the small tables, since this is asked often. */
  private static long waiting(Plinth plinth) {
    return Effects.count(
        plinth,
        "SELECT (SELECT count(*) FROM plinth.job_ready) + (SELECT count(*) FROM"
            + " plinth.job_delayed)");
  }

  /** Still open, and still seeing what there was in the beginning. */
  private static boolean isPinned(Connection pin) throws SQLException {
    long seen =
        Sql.query(pin, "SELECT count(*) FROM plinth.computational_jobs", row -> row.getLong(1))
            .get(0);
    return seen == 0 && !pin.getAutoCommit();
  }
}
