package dev.plinth.jobs.schedule;

/**
 * What becomes of a due time while the last job of the schedule has not ended, be it that it waits,
 * runs, or waits out a backoff.
 */
public enum Overlap {
  /** It is enqueued all the same. */
  ALLOW,
  /** It is let go. */
  SKIP,
  /** It is enqueued when the last job has ended; of several, the latest. */
  BUFFER_ONE
}
