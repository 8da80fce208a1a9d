package dev.plinth.jobs;

/** What became of a job that was to be enqueued. */
public sealed interface Enqueued {
  /** The job: the new one, or the one that was there. */
  JobId id();

  /**
   * It was written, and exists when the transaction commits.
   *
   * @param id the new job
   */
  record Fresh(JobId id) implements Enqueued {}

  /**
   * Nothing was written, because a job holds the key.
   *
   * @param id the job that holds it
   */
  record Duplicate(JobId id) implements Enqueued {}
}
