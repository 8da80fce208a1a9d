package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.Sample;
import dev.plinth.benchmarks.Sizes;
import dev.plinth.benchmarks.Turn;
import dev.plinth.benchmarks.Workload;
import java.util.List;

/**
 * {@code jobs.pinned}: while a transaction elsewhere keeps an old snapshot open, one thread keeps
 * the queue filled and workers drain it; what counts is the rate in the last third of the time,
 * when the leftovers that nothing may remove have piled up. The limit is Plinth without such a
 * transaction. One round: the length is what tells.
 */
public final class Pinned implements Workload {
  private final JobSystem systems = JobSystem.allAndLimit(PlinthJobs::new);

  @Override
  public String name() {
    return "jobs.pinned";
  }

  @Override
  public String unit() {
    return "jobs";
  }

  @Override
  public List<String> systems() {
    return systems.names();
  }

  @Override
  public int rounds(Sizes sizes) {
    return 1;
  }

  @Override
  public Sample measure(String system, Turn turn) throws Exception {
    boolean pinned = !system.equals("limit");
    try (JobTable table = JobTable.create(systems, system, turn)) {
      Sizes sizes = turn.sizes();
      JobContestant contestant = table.contestant();
      table.checkpoint();
      Stream stream = new Stream(contestant, (long) (sizes.warmUp() * contestant.share()));
      double first;
      double last;
      try (OldSnapshot snapshot = OldSnapshot.open(turn.url(), pinned);
          JobContestant.Workers running = contestant.start(sizes.workers(), stream)) {
        int third = sizes.pinnedSeconds() / 3;
        stream.runFor(third);
        first = stream.rateSinceLast();
        stream.runFor(sizes.pinnedSeconds() - 2 * third);
        stream.rateSinceLast();
        stream.runFor(third);
        last = stream.rateSinceLast();
      }
      table.checkUnfinished(stream.enqueued() - stream.handled());
      table.checkFinished(stream.handled());
      return Sample.of(Math.round(last * 1_000), 1_000)
          .with("version", contestant.version())
          .with("pinned", pinned)
          .with("seconds", sizes.pinnedSeconds())
          .with("workers", sizes.workers())
          .with("pool", sizes.pool())
          .with("jobs", stream.handled())
          .with("ops_s_in_first_third", Math.round(first));
    }
  }
}
