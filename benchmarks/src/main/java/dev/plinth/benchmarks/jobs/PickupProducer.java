package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.Lines;
import dev.plinth.benchmarks.Sizes;
import dev.plinth.benchmarks.Turn;
import java.util.concurrent.TimeUnit;

/**
 * The other process of {@link Pickup}: enqueues at a steady pace, however long a call takes. Before
 * that, jobs go through both processes as fast as they can, since a service is warm when it
 * matters. The number of a job is the time it was enqueued at; negative while warming up.
 */
final class PickupProducer {
  static final int PER_SECOND = 20;

  private PickupProducer() {}

  /** How many jobs go before those of the steady pace. */
  static int unpaced(Sizes sizes, JobContestant contestant) {
    return (int) (sizes.warmUp() * contestant.share());
  }

  /** With the system and the turn as JSON. */
  public static void main(String[] args) throws Exception {
    Turn turn = Lines.read(args[1], Turn.class);
    Sizes sizes = turn.sizes();
    try (JobTable table = JobTable.join(Pickup.SYSTEMS, args[0], turn)) {
      int unpaced = unpaced(sizes, table.contestant());
      for (int i = 1; i <= unpaced; i++) {
        table.contestant().enqueue(-i);
      }
      table.awaitFinished();
      for (int i = 1; i <= sizes.warmUpSeconds() * PER_SECOND; i++) {
        table.contestant().enqueue(-unpaced - i);
        TimeUnit.MILLISECONDS.sleep(1_000 / PER_SECOND);
      }
      long next = System.nanoTime();
      for (int i = 0; i < sizes.pickupSeconds() * PER_SECOND; i++) {
        TimeUnit.NANOSECONDS.sleep(next - System.nanoTime());
        table.contestant().enqueue(Latencies.nowMicros());
        next += 1_000_000_000L / PER_SECOND;
      }
    }
    System.out.println("done");
    System.out.flush();
    System.exit(0);
  }
}
