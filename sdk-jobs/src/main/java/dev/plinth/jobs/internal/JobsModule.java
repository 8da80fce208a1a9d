package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.health.HealthReading;
import dev.plinth.core.spi.FeatureModule;
import dev.plinth.core.spi.PartitionedTable;
import dev.plinth.core.spi.PartitionedTable.Period;
import dev.plinth.core.spi.Restoring;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.jobs.Jobs;
import dev.plinth.jobs.internal.node.NodeTasks;
import dev.plinth.jobs.internal.node.NodesAfterRestore;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;

/** Jobs as a module. */
public final class JobsModule implements FeatureModule {
  /**
   * By the ids, which ascend with time and are indexed: a job that waits out no backoff was due
   * when it was enqueued, or when that asked for. Zero when nothing is due.
   */
  private static final String OLDEST_DUE =
      """
      SELECT greatest(
        0,
        (SELECT extract(epoch FROM {now} - coalesce(j.scheduled_at, j.created_at))
         FROM {schema}.computational_jobs j
         WHERE j.id = (SELECT r.job_id FROM {schema}.job_ready r ORDER BY r.job_id LIMIT 1)),
        (SELECT extract(epoch FROM {now} - d.run_at)
         FROM {schema}.job_delayed d
         ORDER BY d.run_at
         LIMIT 1))::float8
      """;

  /** For the service loader. */
  public JobsModule() {}

  @Override
  public String name() {
    return "jobs";
  }

  @Override
  public List<String> migrations() {
    return List.of(
        "jobs",
        "hot_path",
        "schedules",
        "nodes",
        "runs",
        "limits",
        "control",
        "statistics",
        "batches");
  }

  @Override
  public List<PartitionedTable> partitionedTables() {
    return List.of(
        new PartitionedTable("computational_jobs", Period.MONTH, 2),
        new PartitionedTable("job_attempts", Period.MONTH, 2),
        new PartitionedTable("job_steps", Period.MONTH, 2),
        NodeTasks.HEARTBEATS);
  }

  @Override
  public void subscribe(Plinth plinth) {
    RetiredUsers.subscribe(plinth, name());
    ScheduleUsers.subscribe(plinth, name());
    NodeTasks.register(plinth, name());
  }

  @Override
  public void afterRestore(Restoring restoring) {
    JobsAfterRestore.run(restoring);
    SchedulesAfterRestore.run(restoring);
    NodesAfterRestore.run(restoring);
  }

  @Override
  public List<HealthReading> health(Connection connection, Schema schema) {
    List<HealthReading> readings =
        new ArrayList<>(
            Sql.query(
                connection,
                schema.render(OLDEST_DUE),
                row -> HealthReading.of("jobs.oldest_due", row.getDouble(1), "seconds")));
    readings.addAll(HotHealth.read(connection, schema));
    return readings;
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
