package dev.plinth.benchmarks.jobs;

import dev.plinth.benchmarks.postgres.Rows;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.JobDetail;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;

/**
 * Quartz with its clustered JDBC job store. One durable job, and a trigger for each run: half the
 * rows of a job for each.
 */
final class QuartzJobs implements JobContestant {
  private static final String NUMBER = "number";
  private static final double SHARE = 0.1;
  private static final String FIRED = "SELECT count(*) FROM qrtz_fired_triggers";
  private static final int QUIET_LOOKS = 5;
  private static final int MOST_LOOKS = 1_200;
  private static final long BETWEEN_LOOKS_MILLIS = 50;

  private final DataSource pool;
  private final int threads;
  private final JobDetail nothing =
      JobBuilder.newJob(Job.class).withIdentity("nothing").storeDurably().build();
  private @Nullable Scheduler opened;

  QuartzJobs(DataSource pool, int threads) {
    this.pool = pool;
    this.threads = threads;
  }

  @Override
  public String version() {
    return Versions.of("quartz", Scheduler.class);
  }

  /** Its own script, which comes with it. */
  @Override
  public void install() throws SQLException, IOException, SchedulerException {
    try (InputStream script =
            Scheduler.class.getResourceAsStream(
                "/org/quartz/impl/jdbcjobstore/tables_postgres.sql");
        Connection connection = pool.getConnection()) {
      if (script == null) {
        throw new IllegalStateException("Quartz comes without its tables for PostgreSQL");
      }
      Rows.execute(connection, new String(script.readAllBytes(), StandardCharsets.UTF_8));
    }
    scheduler().addJob(nothing, true);
  }

  /** One for enqueueing and running; it runs nothing before it is started. */
  private synchronized Scheduler scheduler() throws SchedulerException {
    if (opened == null) {
      opened = QuartzSettings.scheduler(pool, threads);
    }
    return opened;
  }

  private Trigger trigger(long number) {
    return TriggerBuilder.newTrigger()
        .withIdentity(Long.toString(number))
        .forJob(nothing)
        .usingJobData(NUMBER, Long.toString(number))
        .startNow()
        .build();
  }

  @Override
  public void enqueue(long number) throws SchedulerException {
    scheduler().scheduleJob(trigger(number));
  }

  @Override
  public void enqueueAll(long from, long to) throws SchedulerException {
    scheduler()
        .scheduleJobs(
            Map.of(
                nothing,
                LongStream.range(from, to).mapToObj(this::trigger).collect(Collectors.toSet())),
            true);
  }

  @Override
  public Workers start(int workers, LongConsumer handler) throws SchedulerException {
    Job job = run -> handler.accept(Long.parseLong(run.getMergedJobDataMap().getString(NUMBER)));
    scheduler().setJobFactory((bundle, scheduler) -> job);
    scheduler().start();
    return this::standBy;
  }

  /** A scheduler that stands by still runs the triggers that it has acquired. */
  private void standBy() throws SchedulerException, SQLException, InterruptedException {
    scheduler().standby();
    try (Connection connection = pool.getConnection()) {
      int quiet = 0;
      for (int looks = 0; quiet < QUIET_LOOKS; looks++) {
        if (looks == MOST_LOOKS) {
          throw new IllegalStateException("Quartz does not stop running triggers");
        }
        TimeUnit.MILLISECONDS.sleep(BETWEEN_LOOKS_MILLIS);
        quiet = Rows.number(connection, FIRED) == 0 ? quiet + 1 : 0;
      }
    }
  }

  @Override
  public String unfinished() {
    return """
        SELECT (SELECT count(*) FROM qrtz_triggers)
             + (SELECT count(*) FROM qrtz_fired_triggers)
        """;
  }

  /** It deletes what is done. */
  @Override
  public Optional<String> finished() {
    return Optional.empty();
  }

  @Override
  public double share() {
    return SHARE;
  }

  @Override
  public void close() throws SchedulerException {
    if (opened != null) {
      opened.shutdown(true);
    }
  }
}
