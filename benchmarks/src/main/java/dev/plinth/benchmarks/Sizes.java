package dev.plinth.benchmarks;

/**
 * How much is done; the same for every system. Immutable.
 *
 * @param rounds turns of each system
 * @param jobs jobs to enqueue or to drain
 * @param warmUp jobs that go the same way first, unmeasured
 * @param workers handlers at work at a time
 * @param threads threads that enqueue one by one
 * @param pool connections of each system's pool
 * @param seconds how long workloads take that are bound by time
 * @param warmUpSeconds how long those run before, unmeasured
 * @param pickupSeconds how long jobs are enqueued at a steady pace
 * @param pinnedSeconds how long the old snapshot stays open
 */
public record Sizes(
    int rounds,
    int jobs,
    int warmUp,
    int workers,
    int threads,
    int pool,
    int seconds,
    int warmUpSeconds,
    int pickupSeconds,
    int pinnedSeconds) {
  /** Checks the arguments. */
  public Sizes {
    atLeast(rounds, 1, "rounds");
    atLeast(jobs, 100, "jobs");
    atLeast(warmUp, 100, "warm-up");
    atLeast(workers, 1, "workers");
    atLeast(threads, 1, "threads");
    atLeast(pool, 4, "pool");
    atLeast(seconds, 1, "seconds");
    atLeast(warmUpSeconds, 1, "warm-up-seconds");
    atLeast(pickupSeconds, 1, "pickup-seconds");
    atLeast(pinnedSeconds, 3, "pinned-seconds");
  }

  private static void atLeast(int value, int least, String name) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", but is " + value);
    }
  }
}
