package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.schedule.Overlap;
import dev.plinth.jobs.schedule.Schedule;
import dev.plinth.jobs.schedule.Triggered;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/** Enqueues a schedule's job by hand. */
final class TriggerSchedule {
  private static final String RAN =
      """
      UPDATE {schema}.job_schedules
      SET last_run_at = ?,
          last_job_id = ?
      WHERE id = ?
      """;

  private final ScheduledJobs scheduledJobs;
  private final Hints hints;
  private final String ran;

  TriggerSchedule(Schema schema, ScheduledJobs scheduledJobs, Hints hints) {
    this.scheduledJobs = scheduledJobs;
    this.hints = hints;
    this.ran = schema.render(RAN);
  }

  /** With the schedule locked. */
  Triggered run(Tx tx, Schedule schedule, Instant now) {
    JobId last = schedule.lastJob();
    if (last != null
        && schedule.overlap() != Overlap.ALLOW
        && !scheduledJobs.pending(tx, Stream.of(schedule)).isEmpty()) {
      return new Triggered.StillRunning(last);
    }
    JobId job = scheduledJobs.enqueue(tx, schedule, "manual", List.of(now)).get(0);
    Sql.update(tx.connection(), ran, now, job.value(), schedule.id());
    hints.ready(tx, schedule.queue());
    return new Triggered.Enqueued(job);
  }
}
