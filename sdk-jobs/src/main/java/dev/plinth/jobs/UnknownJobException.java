package dev.plinth.jobs;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/** There is no such job, or it is another tenant's. Nothing was written. */
public final class UnknownJobException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID jobId;

  /** With the job that was named. */
  public UnknownJobException(JobId jobId) {
    super(
        "There is no job "
            + jobId
            + " to wait for, so nothing was written: enqueue it first, in the same transaction or in"
            + " one that has committed");
    this.jobId = jobId.value();
  }

  /** The job that was named. */
  public JobId jobId() {
    return new JobId(jobId);
  }
}
