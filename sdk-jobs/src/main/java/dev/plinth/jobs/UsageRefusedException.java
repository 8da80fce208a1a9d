package dev.plinth.jobs;

import dev.plinth.core.PlinthException;
import org.jspecify.annotations.Nullable;

/**
 * An attempt was stopped because its user may use no more of what it is charged for. Recorded with
 * the attempt, and given to {@link RetryPolicy#retryable()}; never thrown at a handler, which is
 * interrupted instead.
 */
public final class UsageRefusedException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String resource;

  /**
   * With what the handler threw when it was interrupted.
   *
   * @param resource what there is no more of
   * @param why in the meter's words
   * @param thrown by the handler, or null when it returned, or has not ended yet
   */
  public UsageRefusedException(String resource, String why, @Nullable Throwable thrown) {
    super(
        "The attempt was interrupted, because its user may use no more of " + resource + ": " + why,
        thrown);
    this.resource = resource;
  }

  /** What there is no more of. */
  public String resource() {
    return resource;
  }
}
