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
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Somebody holds a snapshot open, so that no dead row can be removed, for ten minutes in the large
 * setting; the queue goes on, no slower for it, and loses and repeats nothing.
 */
@Tag("proof")
@PlinthTest
class PinnedSnapshotTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final Duration PINNED = LARGE ? Duration.ofMinutes(10) : Duration.ofSeconds(6);

  /** Of the rate in the last third to that in the first: a short run shares the machine. */
  private static final double LEAST_RATIO = LARGE ? 0.9 : 0.5;

  private static final int AT_ONCE = 150;
  private static final int BACKLOG = 3_000;
  private static final int WARM_UP = 500;

  @Test
  void pinnedSnapshot_queueGoesOn_nothingLostNothingTwice(
      Plinth plinth, Jobs inspect, TestDatabase database, TestNodes nodes) throws Exception {
    Effects.create(plinth);
    Plinth second = nodes.start("second").plinth();
    long expected = 0;
    Random random = new Random(20261129);
    Rates rates = new Rates();
    // Looking into the tables would pass over every dead row, and slow down what is measured.
    AtomicLong effects = new AtomicLong();
    try (Connection pin = database.connect();
        Connection late = database.connect();
        Jobs first = Effects.handled(plinth, effects::incrementAndGet).workers(8).build();
        Jobs other = Effects.handled(second, effects::incrementAndGet).workers(8).build()) {
      pin.setAutoCommit(false);
      pin.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      Sql.query(pin, "SELECT count(*) FROM plinth.computational_jobs", row -> row.getLong(1));
      late.setAutoCommit(false);
      first.start();
      other.start();
      int held = 0;
      while (!rates.areEnough()) {
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
        long enough = expected - BACKLOG;
        await()
            .pollInterval(Duration.ofMillis(5))
            .atMost(Duration.ofMinutes(5))
            .until(() -> effects.get() > enough);
        rates.look(effects.get());
      }
      late.commit();
      expected += held;
      await().atMost(Duration.ofMinutes(5)).until(() -> Effects.pending(plinth) == 0);
      assertThat(isPinned(pin)).isTrue();
    }
    System.out.println("pinned: " + expected + " jobs; effects in tenths: " + rates);
    Effects.areRight(plinth, inspect, expected);
    assertThat(rates.lastToFirst())
        .as("rate in the last third of the time to that in the first, of %s", rates)
        .isGreaterThanOrEqualTo(LEAST_RATIO);
  }

  /** How many effects a second there were in each tenth of the time, from when all are warm. */
  private static final class Rates {
    private static final int WINDOWS = 10;
    private static final int THIRD = WINDOWS / 3;

    /** The time goes on when the last third was too slow, to be sure. */
    private static final int MOST_WINDOWS = 20;

    private final List<Double> rates = new ArrayList<>();
    private long counted = -1;
    private long since;

    void look(long effects) {
      long now = System.nanoTime();
      if (counted < 0) {
        if (effects >= WARM_UP) {
          counted = effects;
          since = now;
        }
      } else if (now - since > PINNED.toNanos() / WINDOWS) {
        rates.add((effects - counted) * 1e9 / (now - since));
        counted = effects;
        since = now;
      }
    }

    boolean areEnough() {
      return rates.size() >= WINDOWS
          && (lastToFirst() >= LEAST_RATIO || rates.size() >= MOST_WINDOWS);
    }

    /** The best of each third, since others use the machine, too. */
    double lastToFirst() {
      return best(rates.subList(rates.size() - THIRD, rates.size()))
          / best(rates.subList(0, THIRD));
    }

    private static double best(List<Double> rates) {
      return Collections.max(rates);
    }

    @Override
    public String toString() {
      return rates.stream().map(Math::round).toList() + " a second";
    }
  }

  private static JobOptions options(Random random) {
    JobOptions options = JobOptions.defaults().priority(random.nextInt(4) - 1);
    return random.nextInt(5) == 0 ? options.delay(Duration.ofMillis(50)) : options;
  }

  /** Still open, and still seeing what there was in the beginning. */
  private static boolean isPinned(Connection pin) throws SQLException {
    long seen =
        Sql.query(pin, "SELECT count(*) FROM plinth.computational_jobs", row -> row.getLong(1))
            .get(0);
    return seen == 0 && !pin.getAutoCommit();
  }
}
