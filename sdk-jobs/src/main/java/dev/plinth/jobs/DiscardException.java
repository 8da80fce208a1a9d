package dev.plinth.jobs;

import dev.plinth.core.PlinthException;

/**
 * Thrown out of a handler by {@link JobRun#discard}: the job has failed for good, whatever its
 * retry policy says. Let it pass; only the exception itself counts, not one that has it as a cause.
 */
public final class DiscardException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With the reason. */
  public DiscardException(String reason) {
    super(reason);
  }
}
