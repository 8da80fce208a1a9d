package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.Sample;
import dev.plinth.benchmarks.Sizes;
import dev.plinth.benchmarks.Threads;
import dev.plinth.benchmarks.Turn;
import dev.plinth.benchmarks.Workload;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** {@code jobs.single}: threads enqueue one job after the other, each durable before the next. */
public final class Single implements Workload {
  private static final int DIGITS = 3;

  private final JobSystem systems = JobSystem.allAndLimit(LimitInsert::new);

  @Override
  public String name() {
    return "jobs.single";
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
      AtomicLong numbers = new AtomicLong();
      Threads threads = new Threads(sizes.threads());
      Histogram histogram = new ConcurrentHistogram(DIGITS);
      threads.repeatFor(sizes.warmUpSeconds(), () -> contestant.enqueue(numbers.getAndIncrement()));
      long warmUp = numbers.get();
      table.checkpoint();
      double seconds =
          threads.repeatFor(
              sizes.seconds(),
              () -> {
                long begun = System.nanoTime();
                contestant.enqueue(numbers.getAndIncrement());
                histogram.recordValue(System.nanoTime() - begun);
              });
      table.checkUnfinished(numbers.get());
      return Sample.of(numbers.get() - warmUp, seconds)
          .latencies(histogram)
          .with("version", contestant.version())
          .with("threads", sizes.threads())
          .with("seconds", sizes.seconds())
          .with("pool", sizes.pool())
          .with("warm_up_seconds", sizes.warmUpSeconds());
    }
  }
}
