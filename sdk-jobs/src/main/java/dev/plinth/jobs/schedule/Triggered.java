package dev.plinth.jobs.schedule;

import dev.plinth.jobs.JobId;

/** What came of triggering a schedule by hand. */
public sealed interface Triggered {
  /**
   * A job was enqueued.
   *
   * @param job which
   */
  record Enqueued(JobId job) implements Triggered {}

  /**
   * Nothing was enqueued, because the last job has not ended and the schedule's jobs may not
   * overlap.
   *
   * @param last that job
   */
  record StillRunning(JobId last) implements Triggered {}
}
