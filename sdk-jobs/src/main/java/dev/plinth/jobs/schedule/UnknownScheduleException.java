package dev.plinth.jobs.schedule;

import dev.plinth.core.PlinthException;

/** There is no schedule of that name in the transaction's tenant. Nothing was written. */
public final class UnknownScheduleException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String schedule;

  /** With the name that was looked for. */
  public UnknownScheduleException(String schedule) {
    super(
        "There is no schedule "
            + schedule
            + " in this transaction's tenant: create it with put, or check the name and the tenant");
    this.schedule = schedule;
  }

  /** The name that was looked for. */
  public String schedule() {
    return schedule;
  }
}
