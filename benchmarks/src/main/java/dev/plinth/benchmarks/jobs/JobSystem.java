package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.Sizes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import javax.sql.DataSource;

/** The systems of a workload by their names, each made on a pool. Immutable. */
final class JobSystem {
  private final Map<String, BiFunction<DataSource, Sizes, JobContestant>> byName;

  private JobSystem(Map<String, BiFunction<DataSource, Sizes, JobContestant>> byName) {
    this.byName = byName;
  }

  /** Plinth and all peers, and this as the limit. */
  static JobSystem allAndLimit(Function<DataSource, JobContestant> limit) {
    Map<String, BiFunction<DataSource, Sizes, JobContestant>> all = new LinkedHashMap<>();
    all.put("plinth", (pool, sizes) -> new PlinthJobs(pool));
    all.put("db-scheduler", (pool, sizes) -> new DbSchedulerJobs(pool));
    all.put("jobrunr", (pool, sizes) -> new JobRunrJobs(pool));
    all.put("quartz", (pool, sizes) -> new QuartzJobs(pool, sizes.workers()));
    all.put("limit", (pool, sizes) -> limit.apply(pool));
    return new JobSystem(all);
  }

  List<String> names() {
    return List.copyOf(byName.keySet());
  }

  JobContestant on(String name, DataSource pool, Sizes sizes) {
    BiFunction<DataSource, Sizes, JobContestant> found = byName.get(name);
    if (found == null) {
      throw new IllegalArgumentException("There is no system '" + name + "' among " + names());
    }
    return found.apply(pool, sizes);
  }
}
