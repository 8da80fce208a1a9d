package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.PartitionedTable.Period;
import dev.plinth.core.spi.Restoring;
import dev.plinth.jobs.Jobs;
import java.util.List;

/** Jobs as a module. */
public final class JobsModule implements FeatureModule {
  /** For the service loader. */
  public JobsModule() {}

  @Override
  public String name() {
    return "jobs";
  }

  @Override
  public List<String> migrations() {
    return List.of("jobs");
  }

  @Override
  public List<PartitionedTable> partitionedTables() {
    return List.of(
        new PartitionedTable("computational_jobs", Period.MONTH, 2),
        new PartitionedTable("job_attempts", Period.MONTH, 2));
  }

  @Override
  public void subscribe(Plinth plinth) {
    RetiredUsers.subscribe(plinth, name());
  }

  @Override
  public void afterRestore(Restoring restoring) {
    JobsAfterRestore.run(restoring);
  }

  @Override
  public Class<? extends AutoCloseable> entryPoint() {
    return Jobs.class;
  }

  @Override
  public AutoCloseable create(Plinth plinth) {
    return Jobs.create(plinth);
  }
}
