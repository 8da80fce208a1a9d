package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.Sample;
import dev.plinth.benchmarks.Sizes;
import dev.plinth.benchmarks.Turn;
import dev.plinth.benchmarks.Workload;
import java.util.List;

/**
 * {@code jobs.drain}: jobs that do nothing wait in the queue; workers start and run them all. The
 * time goes from the start of the first handler until the end of the last job is durable, so that
 * nobody pays for the length of its poll interval.
 */
public final class Drain implements Workload {
  private final JobSystem systems = JobSystem.allAndLimit(LimitQueue::new);

  @Override
  public String name() {
    return "jobs.drain";
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
      drain(table, warmUp, sizes.workers());
      double seconds = drain(table, jobs, sizes.workers());
      table.checkFinished(warmUp + (long) jobs);
      return Sample.of(jobs, seconds)
          .with("version", contestant.version())
          .with("jobs", jobs)
          .with("workers", sizes.workers())
          .with("pool", sizes.pool())
          .with("warm_up_jobs", warmUp);
    }
  }

  private static double drain(JobTable table, int jobs, int workers) throws Exception {
    table.contestant().enqueueAll(0, jobs);
    table.checkUnfinished(jobs);
    table.checkpoint();
    Runs runs = new Runs(jobs);
    long ended;
    try (JobContestant.Workers running = table.contestant().start(workers, runs)) {
      runs.await();
      table.awaitFinished();
      ended = System.nanoTime();
    }
    runs.checkOnce();
    return (ended - runs.firstNanos()) / 1e9;
  }
}
