package dev.plinth.jobs;

/** What became of the wish to cancel a job. */
public enum CancelResult {
  /** It waited, and is cancelled. */
  CANCELLED,
  /** It runs, and is told; it is cancelled when its handler ends, unless that was faster. */
  REQUESTED,
  /** It has ended, or there is no such job. */
  NOT_PENDING
}
