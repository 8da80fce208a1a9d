package dev.plinth.jobs;

import dev.plinth.core.PlinthException;

/** A job's stored arguments could not be brought to the version that its handler reads. */
public final class UpcastException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final int from;

  /** With the type and the step that failed. */
  public UpcastException(String type, int from, Throwable cause) {
    super(
        "The arguments of a job of type "
            + type
            + " could not be brought from version "
            + from
            + " to version "
            + (from + 1)
            + ": correct the upcaster, then retry the job",
        cause);
    this.from = from;
  }

  /** The version they could not be brought from. */
  public int from() {
    return from;
  }
}
