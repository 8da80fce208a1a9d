package dev.plinth.jobs;

/** Where a job stands. */
public enum JobStatus {
  /** Waits for other jobs to end. */
  WAITING,
  /** Waits until its time has come. */
  SCHEDULED,
  /** Waits out the backoff after a failed attempt. */
  RETRYING,
  /** Its time has come, and it waits because a {@link Limit} counts it. */
  LIMITED,
  /** May be claimed now. */
  READY,
  /** Claimed by an instance. */
  RUNNING,
  /** Ended well. */
  COMPLETED,
  /** Ended in failure: a dead letter, which {@link JobQueue#retry} revives. */
  FAILED,
  /** Ended without having done its work, because that is no longer wanted. */
  CANCELLED;

  /** True for those that a job leaves only when it is retried by hand. */
  public boolean isEnded() {
    return this == COMPLETED || this == FAILED || this == CANCELLED;
  }
}
