package dev.plinth.jobs;

/** What becomes of a job that waits for another when that one does not complete. */
public enum OnFailure {
  /** It is cancelled, and so are those that wait for it under the same policy. */
  CANCEL,
  /** It runs all the same, once every job that it waits for has ended. */
  RUN,
  /** It goes on waiting until the failed job was retried by hand and has completed. */
  HOLD
}
