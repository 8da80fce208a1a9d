package dev.plinth.jobs;

import dev.plinth.core.PlinthException;
import java.util.UUID;

/**
 * A completed step's recorded output does not fit the class that the handler now expects. The step
 * was not run again, and its output is unchanged.
 */
public final class UnreadableStepException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final UUID jobId;
  private final String step;

  /** With the job, the step, the class asked for, and why that cannot be. */
  public UnreadableStepException(JobId jobId, String step, Class<?> type, Throwable cause) {
    super(
        "Step "
            + step
            + " of job "
            + jobId
            + " has completed, but its recorded output cannot be read as "
            + type.getName()
            + ": have the class read the older form too, or give the changed step another name",
        cause);
    this.jobId = jobId.value();
    this.step = step;
  }

  /** The job. */
  public JobId jobId() {
    return new JobId(jobId);
  }

  /** The step's name. */
  public String step() {
    return step;
  }
}
