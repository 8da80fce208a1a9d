package dev.plinth.core;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.Callable;

/** How long something takes to show, on a machine that may have other things to do. */
public final class Stopwatch {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private Stopwatch() {}

  /**
   * The shortest time from the end of a deed to its being seen, of so many attempts at most.
   *
   * @param goodEnough ends it
   */
  public static Duration bestOf(
      int attempts, Duration goodEnough, Runnable deed, Callable<Boolean> seen) {
    Duration best = PATIENCE;
    for (int i = 0; i < attempts && best.compareTo(goodEnough) > 0; i++) {
      deed.run();
      long done = System.nanoTime();
      await()
          .atMost(PATIENCE)
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(5))
          .until(seen);
      Duration took = Duration.ofNanos(System.nanoTime() - done);
      best = took.compareTo(best) < 0 ? took : best;
    }
    return best;
  }
}
