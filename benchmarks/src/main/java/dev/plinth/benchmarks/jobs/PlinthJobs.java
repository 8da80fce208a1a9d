package dev.plinth.benchmarks.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.JobOptions;
import dev.plinth.jobs.JobType;
import dev.plinth.jobs.Jobs;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import javax.sql.DataSource;

/** Plinth as it comes, but for the number of workers. */
final class PlinthJobs implements JobContestant {
  /** What a job carries. */
  record Payload(long number) {}

  private static final JobType<Payload> NOTHING = JobType.of("nothing", Payload.class);

  private final Plinth plinth;
  private final Jobs producer;

  PlinthJobs(DataSource pool) {
    this.plinth = Plinth.builder().dataSource(pool).build();
    this.producer = Jobs.create(plinth);
  }

  @Override
  public String version() {
    return Versions.of("plinth", Plinth.class);
  }

  @Override
  public void install() {
    plinth.migrations().migrate();
  }

  /** A started Plinth tells of new jobs after the commit, many in one notification. */
  @Override
  public void open() {
    plinth.start();
  }

  @Override
  public void enqueue(long number) {
    producer.enqueue(NOTHING, new Payload(number));
  }

  @Override
  public void enqueueAll(long from, long to) {
    producer.enqueueAll(
        NOTHING, LongStream.range(from, to).mapToObj(Payload::new).toList(), JobOptions.defaults());
  }

  @Override
  public Workers start(int workers, LongConsumer handler) {
    Jobs jobs =
        Jobs.builder(plinth)
            .handle(NOTHING, (payload, run) -> handler.accept(payload.number()))
            .workers(workers)
            .build();
    jobs.start();
    return jobs::close;
  }

  @Override
  public String unfinished() {
    return """
        SELECT (SELECT count(*) FROM plinth.job_ready)
             + (SELECT count(*) FROM plinth.job_delayed)
             + (SELECT count(*) FROM plinth.job_parked)
             + (SELECT count(*) FROM plinth.job_waiting)
             + (SELECT count(*) FROM plinth.job_leases)
        """;
  }

  /** Both must be told of: the end of the job, and the attempt that brought it about. */
  @Override
  public Optional<String> finished() {
    return Optional.of(
        """
        SELECT count(*)
        FROM plinth.computational_jobs j
        WHERE j.status = 'completed'
          AND num_nonnulls(j.instance_id, j.epoch, j.attempt, j.started_at, j.completed_at) = 5
        """);
  }

  @Override
  public void close() {
    producer.close();
    plinth.close();
  }
}
