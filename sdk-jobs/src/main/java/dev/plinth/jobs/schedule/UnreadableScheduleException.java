package dev.plinth.jobs.schedule;

import dev.plinth.core.PlinthException;

/**
 * A schedule's row holds what this JVM cannot read: a time zone that its JDK does not know, or what
 * somebody has written by hand. Other nodes may be able to.
 */
public final class UnreadableScheduleException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String schedule;

  /** With the schedule's name and what was wrong. */
  public UnreadableScheduleException(String schedule, Exception cause) {
    super(
        "The schedule "
            + schedule
            + " cannot be read by this JVM ("
            + cause.getMessage()
            + "): update its JDK if that does not know the time zone, else delete the schedule and put"
            + " it again; it can be paused meanwhile",
        cause);
    this.schedule = schedule;
  }

  /** The schedule's name. */
  public String schedule() {
    return schedule;
  }
}
