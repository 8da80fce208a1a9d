package dev.plinth.jobs;

import dev.plinth.core.PlinthException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An attempt took longer than it may, or went on beyond the job's deadline. Recorded with the
 * attempt, and given to {@link RetryPolicy#retryable()} when it was the timeout; never thrown at a
 * handler, which is interrupted instead.
 */
public final class TimedOutException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /**
   * With what the handler threw when it was interrupted.
   *
   * @param took how long the handler was at work
   * @param limit what it went beyond, in words
   * @param thrown by the handler, or null when it returned, or has not ended yet
   */
  public TimedOutException(Duration took, String limit, @Nullable Throwable thrown) {
    super("The attempt was interrupted after " + took.toMillis() + " ms: " + limit, thrown);
  }
}
