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
 * setting; the queue goes on, and loses and repeats nothing. Its rate at the end of that time is
 * compared with the rate right after it, when the dead rows are gone: the tables are as long, and
 * only the snapshot makes the difference.
 */
@Tag("proof")
@PlinthTest
class PinnedSnapshotTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final Duration PINNED = LARGE ? Duration.ofMinutes(10) : Duration.ofSeconds(6);

  /** How often the rate is taken while the snapshot is held, and how often after that. */
  private static final int WINDOWS = 10;

  private static final int THIRD = WINDOWS / 3;

  /**
   * Of the rate under the snapshot to that without. A queue that walks over its dead rows falls to
   * a tenth of it; a machine that is shared gives a fifth less for minutes, and a short run half.
   * What the snapshot costs is measured by {@code benchmarks/run jobs.pinned}.
   */
  private static final double LEAST_RATIO = LARGE ? 0.7 : 0.5;

  @Test
  void pinnedSnapshot_queueGoesOn_nothingLostNothingTwice(
      Plinth plinth, Jobs inspect, TestDatabase database, TestNodes nodes) throws Exception {
    Effects.create(plinth);
    Plinth second = nodes.start("second").plinth();
    // Looking into the tables would pass over every dead row, and slow down what is measured.
    AtomicLong effects = new AtomicLong();
    Rates pinned = new Rates();
    Rates free = new Rates();
    Load load;
    try (Connection pin = database.connect();
        Connection late = database.connect();
        Jobs first = Effects.handled(plinth, effects::incrementAndGet).workers(8).build();
        Jobs other = Effects.handled(second, effects::incrementAndGet).workers(8).build()) {
      pin.setAutoCommit(false);
      pin.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      assertThat(seen(pin)).isZero();
      first.start();
      other.start();
      load = new Load(plinth, inspect, late, effects);
      while (pinned.count() < WINDOWS) {
        load.round();
        pinned.look(effects.get());
      }
      load.commit();
      assertThat(seen(pin)).as("what the old snapshot still sees").isZero();
      pin.rollback();
      pin.setAutoCommit(true);
      Sql.execute(pin, "VACUUM");
      while (free.count() < THIRD) {
        load.round();
        free.look(effects.get());
      }
      load.commit();
      await().atMost(Duration.ofMinutes(5)).until(() -> Effects.pending(plinth) == 0);
    }
    System.out.println(
        load.expected + " jobs; effects a second: pinned " + pinned + ", then free " + free);
    Effects.areRight(plinth, inspect, load.expected);
    // The best of each, since others use the machine, too.
    assertThat(pinned.bestOfLast(THIRD) / free.bestOfLast(THIRD))
        .as("the rate at the end of %s beside that of %s after it", pinned, free)
        .isGreaterThanOrEqualTo(LEAST_RATIO);
  }

  /** Jobs of all kinds, some of which come to light later than those after them. */
  private static final class Load {
    private static final int AT_ONCE = 150;
    private static final int BACKLOG = 3_000;

    private final Random random = new Random(20261129);
    private final Plinth plinth;
    private final Jobs inspect;
    private final Connection late;
    private final AtomicLong effects;
    private int held;
    private long expected;

    Load(Plinth plinth, Jobs inspect, Connection late, AtomicLong effects) throws SQLException {
      this.plinth = plinth;
      this.inspect = inspect;
      this.late = late;
      this.effects = effects;
      late.setAutoCommit(false);
    }

    /** Enqueues some, and waits until not too many are left. */
    void round() throws SQLException {
      int kind = random.nextInt(3);
      inspect.enqueueAll(
          kind == 0 ? Effects.EXACT : kind == 1 ? Effects.FENCED : Effects.SECOND,
          Effects.numbers(AT_ONCE),
          options());
      expected += AT_ONCE;
      // One that is there from the beginning and comes to light some rounds later.
      inspect.in(plinth.join(late)).enqueue(Effects.EXACT, new Number(1), options());
      held++;
      if (random.nextInt(10) == 0) {
        commit();
      } else if (random.nextInt(30) == 0) {
        late.rollback();
        held = 0;
      }
      long enough = expected - BACKLOG;
      await()
          .pollInterval(Duration.ofMillis(5))
          .atMost(Duration.ofMinutes(5))
          .until(() -> effects.get() > enough);
    }

    void commit() throws SQLException {
      late.commit();
      expected += held;
      held = 0;
    }

    private JobOptions options() {
      JobOptions options = JobOptions.defaults().priority(random.nextInt(4) - 1);
      return random.nextInt(5) == 0 ? options.delay(Duration.ofMillis(50)) : options;
    }
  }

  /** How many effects a second there were in each window, from when all are warm. */
  private static final class Rates {
    private static final int WARM_UP = 500;

    private final List<Double> rates = new ArrayList<>();
    private long first = -1;
    private long counted = -1;
    private long since;

    void look(long effects) {
      long now = System.nanoTime();
      if (first < 0) {
        first = effects;
      }
      if (counted < 0) {
        if (effects >= first + WARM_UP) {
          counted = effects;
          since = now;
        }
      } else if (now - since > PINNED.toNanos() / WINDOWS) {
        rates.add((effects - counted) * 1e9 / (now - since));
        counted = effects;
        since = now;
      }
    }

    int count() {
      return rates.size();
    }

    double bestOfLast(int windows) {
      return Collections.max(rates.subList(rates.size() - windows, rates.size()));
    }

    @Override
    public String toString() {
      return rates.stream().map(Math::round).toList().toString();
    }
  }

  /** How many jobs the transaction of this connection sees; the first look takes its snapshot. */
  private static long seen(Connection pin) throws SQLException {
    return Sql.query(pin, "SELECT count(*) FROM plinth.computational_jobs", row -> row.getLong(1))
        .get(0);
  }
}
