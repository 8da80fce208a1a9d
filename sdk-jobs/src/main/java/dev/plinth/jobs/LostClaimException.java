package dev.plinth.jobs;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/**
 * This run no longer holds its job: another instance has taken it over, or it has ended. Nothing
 * was written. Roll back and return; the job is in other hands.
 */
public final class LostClaimException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID jobId;
  private final int epoch;

  /** With the job and the claim that was lost. */
  public LostClaimException(JobId jobId, int epoch) {
    super(
        "Claim "
            + epoch
            + " of job "
            + jobId
            + " is no longer held, so nothing was written: roll back and return, the job is in other"
            + " hands");
    this.jobId = jobId.value();
    this.epoch = epoch;
  }

  /** The job. */
  public JobId jobId() {
    return new JobId(jobId);
  }

  /** The claim that was lost. */
  public int epoch() {
    return epoch;
  }
}
