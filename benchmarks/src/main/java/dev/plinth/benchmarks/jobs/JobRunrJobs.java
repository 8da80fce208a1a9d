package dev.plinth.benchmarks.jobs;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.jobrunr.jobs.mappers.JobMapper;
import org.jobrunr.scheduling.JobRequestScheduler;
import org.jobrunr.server.BackgroundJobServer;
import org.jobrunr.server.BackgroundJobServerConfiguration;
import org.jobrunr.server.JobActivator;
import org.jobrunr.storage.StorageProvider;
import org.jobrunr.storage.sql.postgres.PostgresStorageProvider;
import org.jobrunr.utils.mapper.JsonMapper;
import org.jobrunr.utils.mapper.jackson.JacksonJsonMapper;

/**
 * JobRunr's open-source edition on its PostgreSQL storage, with job requests, which spare it the
 * analysis of lambdas, and with the shortest poll interval it takes for a SQL database.
 */
final class JobRunrJobs implements JobContestant {
  private static final Duration POLL_INTERVAL = Duration.ofSeconds(5);

  private final JsonMapper json = new JacksonJsonMapper();
  private final DataSource pool;
  private final StorageProvider storage;
  private final JobRequestScheduler producer;

  JobRunrJobs(DataSource pool) {
    this.pool = pool;
    // Creates its tables when they are missing.
    this.storage = storage();
    this.producer = new JobRequestScheduler(storage);
  }

  private StorageProvider storage() {
    StorageProvider made = new PostgresStorageProvider(pool);
    made.setJobMapper(new JobMapper(json));
    return made;
  }

  @Override
  public String version() {
    return Versions.of("jobrunr", BackgroundJobServer.class);
  }

  @Override
  public void install() {
    // Done by the storage.
  }

  @Override
  public void enqueue(long number) {
    producer.enqueue(new NoOp(number));
  }

  @Override
  public void enqueueAll(long from, long to) {
    producer.enqueue(LongStream.range(from, to).mapToObj(NoOp::new));
  }

  @Override
  public Workers start(int workers, LongConsumer handler) {
    NoOpHandler running = new NoOpHandler(handler);
    BackgroundJobServer server =
        new BackgroundJobServer(
            storage(),
            json,
            activator(running),
            BackgroundJobServerConfiguration.usingStandardBackgroundJobServerConfiguration()
                .andWorkerCount(workers)
                .andPollInterval(POLL_INTERVAL));
    server.start();
    return server::stop;
  }

  private static JobActivator activator(NoOpHandler handler) {
    return new JobActivator() {
      @Override
      public <T> T activateJob(Class<T> type) {
        return type.cast(handler);
      }
    };
  }

  @Override
  public String unfinished() {
    return "SELECT count(*) FROM jobrunr_jobs WHERE state NOT IN ('SUCCEEDED', 'DELETED')";
  }

  @Override
  public Optional<String> finished() {
    return Optional.of("SELECT count(*) FROM jobrunr_jobs WHERE state = 'SUCCEEDED'");
  }

  @Override
  public void close() {
    storage.close();
  }
}
