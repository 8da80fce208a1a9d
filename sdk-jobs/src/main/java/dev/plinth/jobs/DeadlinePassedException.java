package dev.plinth.jobs;

import dev.plinth.core.PlinthException;
import java.time.Instant;

/** A job's deadline passed before it could run. Recorded with its last attempt, never thrown. */
public final class DeadlinePassedException extends PlinthException {
  private static final long serialVersionUID = 1L;

  /** With the deadline. */
  public DeadlinePassedException(Instant deadline) {
    super(message(deadline.toString()));
  }

  /** What it says of a deadline. */
  public static String message(String deadline) {
    return "The deadline, " + deadline + ", passed before the job could run";
  }
}
