package dev.plinth.jobs.schedule;

import dev.plinth.core.PlinthException;

/**
 * A schedule was changed since it was read. Nothing was written; the transaction remains usable.
 */
public final class StaleScheduleException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String schedule;
  private final long version;

  /** With the schedule's name, the version that was expected and the one it has. */
  public StaleScheduleException(String schedule, long expected, long version) {
    super(
        "The schedule "
            + schedule
            + " is at version "
            + version
            + ", not "
            + expected
            + ": read it again and repeat the change");
    this.schedule = schedule;
    this.version = version;
  }

  /** The schedule's name. */
  public String schedule() {
    return schedule;
  }

  /** The version it has. */
  public long version() {
    return version;
  }
}
