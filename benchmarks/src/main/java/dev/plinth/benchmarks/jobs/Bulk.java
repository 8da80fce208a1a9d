package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.Sample;
import dev.plinth.benchmarks.Sizes;
import dev.plinth.benchmarks.Turn;
import dev.plinth.benchmarks.Workload;
import java.util.List;

/** {@code jobs.bulk}: one thread enqueues many jobs by the fastest way the system offers. */
public final class Bulk implements Workload {
  private final JobSystem systems = JobSystem.allAndLimit(LimitInsert::new);

  @Override
  public String name() {
    return "jobs.bulk";
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
  public Sample measure(String system, Turn turn) throws Exception {
    try (JobTable table = JobTable.create(systems, system, turn)) {
      Sizes sizes = turn.sizes();
      JobContestant contestant = table.contestant();
      int warmUp = (int) (sizes.warmUp() * contestant.share());
      int jobs = (int) (sizes.jobs() * contestant.share());
      contestant.enqueueAll(0, warmUp);
      table.checkpoint();
      long begun = System.nanoTime();
      contestant.enqueueAll(warmUp, warmUp + (long) jobs);
      long ended = System.nanoTime();
      table.checkUnfinished(warmUp + (long) jobs);
      return Sample.of(jobs, (ended - begun) / 1e9)
          .with("version", contestant.version())
          .with("jobs", jobs)
          .with("pool", sizes.pool())
          .with("warm_up_jobs", warmUp);
    }
  }
}
