package dev.plinth.jobs;

import dev.plinth.core.PlinthException;
import java.time.Duration;

/**
 * Thrown out of a handler by {@link JobRun#snooze}: the job comes back later, without this counting
 * as an attempt. Let it pass; what the handler wrote in a transaction that it leaves by this is
 * rolled back. Only the exception itself counts, not one that has it as a cause.
 */
public final class SnoozeException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final Duration delay;

  /** With the time to wait. */
  public SnoozeException(Duration delay) {
    super("The job is put off for " + delay + ": let this exception leave the handler");
    this.delay = delay;
  }

  /** How long the job waits. */
  public Duration delay() {
    return delay;
  }
}
