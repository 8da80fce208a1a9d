package dev.plinth.benchmarks.jobs;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import dev.plinth.benchmarks.postgres.Rows;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import javax.sql.DataSource;

/**
 * db-scheduler with the polling strategy and the limits that its documentation names for high
 * throughput, and a poll interval so short that its pick-up is as quick as polling can be.
 */
final class DbSchedulerJobs implements JobContestant {
  private static final double LOWER_LIMIT = 1.0;
  private static final double UPPER_LIMIT = 4.0;
  private static final Duration POLL_INTERVAL = Duration.ofMillis(10);

  /** The columns it asks for, and the indexes its documentation names for use without priority. */
  private static final String TABLES =
      """
      CREATE TABLE scheduled_tasks (
        task_name text NOT NULL,
        task_instance text NOT NULL,
        task_data bytea,
        execution_time timestamptz NOT NULL,
        picked boolean NOT NULL,
        picked_by text,
        last_success timestamptz,
        last_failure timestamptz,
        consecutive_failures integer,
        last_heartbeat timestamptz,
        version bigint NOT NULL,
        priority smallint,
        PRIMARY KEY (task_name, task_instance)
      );
      CREATE INDEX execution_time_idx ON scheduled_tasks (execution_time);
      CREATE INDEX last_heartbeat_idx ON scheduled_tasks (last_heartbeat);
      """;

  private final DataSource pool;
  private final OneTimeTask<Long> enqueued = task(number -> {});
  private final SchedulerClient client;

  DbSchedulerJobs(DataSource pool) {
    this.pool = pool;
    this.client = SchedulerClient.Builder.create(pool, enqueued).build();
  }

  private static OneTimeTask<Long> task(LongConsumer handler) {
    return Tasks.oneTime("nothing", Long.class)
        .execute((instance, context) -> handler.accept(instance.getData()));
  }

  @Override
  public String version() {
    return Versions.of("db-scheduler", Scheduler.class);
  }

  @Override
  public void install() throws SQLException {
    try (Connection connection = pool.getConnection()) {
      Rows.execute(connection, TABLES);
    }
  }

  @Override
  public void enqueue(long number) {
    client.scheduleIfNotExists(enqueued.instance(Long.toString(number), number), Instant.now());
  }

  @Override
  public void enqueueAll(long from, long to) {
    List<TaskInstance<?>> instances =
        LongStream.range(from, to)
            .<TaskInstance<?>>mapToObj(number -> enqueued.instance(Long.toString(number), number))
            .toList();
    client.scheduleBatch(instances, Instant.now());
  }

  @Override
  public Workers start(int workers, LongConsumer handler) {
    Scheduler scheduler =
        Scheduler.create(pool, task(handler))
            .threads(workers)
            .pollUsingLockAndFetch(LOWER_LIMIT, UPPER_LIMIT)
            .pollingInterval(POLL_INTERVAL)
            .build();
    scheduler.start();
    return scheduler::stop;
  }

  @Override
  public String unfinished() {
    return "SELECT count(*) FROM scheduled_tasks";
  }

  /** It deletes what is done. */
  @Override
  public Optional<String> finished() {
    return Optional.empty();
  }

  @Override
  public void close() {
    // The client has nothing to close.
  }
}
