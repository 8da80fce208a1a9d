package dev.plinth.jobs;

import static org.awaitility.Awaitility.await;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.Kinds.Number;
import dev.plinth.test.ForkedJvm;
import dev.plinth.test.PlinthTest;
import dev.plinth.test.TestDatabase;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A process is stopped at random for longer than its lease, again and again, and goes on each time;
 * another one works meanwhile. The zombie's writes must change nothing.
 */
@Tag("proof")
@PlinthTest(durable = true)
class ZombieTest {
  private static final boolean LARGE = "large".equals(System.getProperty("plinth.proofs"));
  private static final int PAUSES = LARGE ? 30 : 4;
  private static final int EACH = LARGE ? 600 : 150;
  private static final Duration TIME_TO_LIVE = Duration.ofSeconds(1);

  /** The process that becomes a zombie. */
  static final class Node {
    public static void main(String[] args) throws InterruptedException {
      TestDatabase database = TestDatabase.attach(args[0]);
      Plinth plinth = database.plinth(database.pool(5)).instanceTimeToLive(TIME_TO_LIVE).build();
      Effects.handled(plinth).workers(8).build().start();
      ForkedJvm.report("started");
      new CountDownLatch(1).await();
    }
  }

  @Test
  void pausedPastItsLeaseAgainAndAgain_everyJobEndsOnce(
      Plinth plinth, Jobs inspect, TestDatabase database) {
    Effects.create(plinth);
    Random random = new Random(20261129);
    long expected = 0;
    try (ForkedJvm zombie = ForkedJvm.start(Node.class, database.url());
        Plinth heir = database.plinth(database.pool(6)).instanceTimeToLive(TIME_TO_LIVE).build();
        Jobs heirs = Effects.handled(heir).workers(4).build()) {
      zombie.await("started");
      heirs.start();
      for (int pause = 0; pause < PAUSES; pause++) {
        inspect.enqueueAll(Effects.EXACT, Effects.numbers(EACH), JobOptions.defaults());
        inspect.enqueueAll(Effects.FENCED, Effects.numbers(EACH), JobOptions.defaults());
        inspect.enqueue(Effects.SECOND, new Number(pause));
        expected += 2L * EACH + 1;
        await().pollDelay(Duration.ofMillis(random.nextInt(150))).until(() -> true);
        zombie.pause();
        // Longer than its lease, and until the heir has done all, also what the zombie had locked
        // in
        // a transaction that it never ended: PostgreSQL ends that one.
        await().pollDelay(TIME_TO_LIVE.multipliedBy(2)).until(() -> isNothingInLine(plinth));
        zombie.resume();
      }
      await().atMost(Duration.ofMinutes(3)).until(() -> Effects.pending(plinth) == 0);
    }
    Effects.areRight(plinth, inspect, expected);
  }

  private static boolean isNothingInLine(Plinth plinth) {
    return Effects.count(
            plinth,
            "SELECT (SELECT count(*) FROM plinth.job_ready) + (SELECT count(*) FROM"
                + " plinth.job_delayed)")
        == 0;
  }
}
