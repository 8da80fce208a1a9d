package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.FreshJvm;
import dev.plinth.benchmarks.Lines;
import dev.plinth.benchmarks.Sample;
import dev.plinth.benchmarks.Sizes;
import dev.plinth.benchmarks.Turn;
import dev.plinth.benchmarks.Workload;
import java.util.List;

/**
 * {@code jobs.pickup}: another process enqueues jobs, twenty a second; from just before it does so
 * to the begin of the handler is the latency. Both processes read the clock of the same machine.
 */
public final class Pickup implements Workload {
  static final JobSystem SYSTEMS = JobSystem.allAndLimit(LimitListen::new);

  @Override
  public String name() {
    return "jobs.pickup";
  }

  @Override
  public String unit() {
    return "jobs";
  }

  @Override
  public List<String> systems() {
    return SYSTEMS.names();
  }

  @Override
  public Sample measure(String system, Turn turn) throws Exception {
    try (JobTable table = JobTable.create(SYSTEMS, system, turn)) {
      Sizes sizes = turn.sizes();
      JobContestant contestant = table.contestant();
      int jobs = sizes.pickupSeconds() * PickupProducer.PER_SECOND;
      int warmUp =
          PickupProducer.unpaced(sizes, contestant)
              + sizes.warmUpSeconds() * PickupProducer.PER_SECOND;
      Latencies latencies = new Latencies(warmUp + jobs);
      try (JobContestant.Workers running = contestant.start(sizes.workers(), latencies)) {
        FreshJvm.run(PickupProducer.class, List.of(), List.of(system, Lines.write(turn)));
        latencies.await();
        table.awaitFinished();
      }
      latencies.checkMeasured(jobs);
      return Sample.of(jobs, latencies.seconds())
          .latencies(latencies.histogram())
          .with("version", contestant.version())
          .with("jobs", jobs)
          .with("per_second", PickupProducer.PER_SECOND)
          .with("workers", sizes.workers())
          .with("warm_up_jobs", warmUp);
    }
  }
}
