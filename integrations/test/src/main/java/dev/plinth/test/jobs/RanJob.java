package dev.plinth.test.jobs;

import dev.plinth.jobs.Attempt;
import dev.plinth.jobs.Job;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An attempt that a test has run.
 *
 * @param job the job as it was afterwards
 * @param attempt the attempt as it was recorded; null when nothing is recorded of it, because its
 *     claim was lost or the job was given back without having begun
 */
public record RanJob(Job job, @Nullable Attempt attempt) {
  /** How it ended; empty when nothing is recorded of it. */
  public Optional<Attempt.Outcome> outcome() {
    return Optional.ofNullable(attempt).map(Attempt::outcome);
  }

  /** True when it ended well. */
  public boolean isCompleted() {
    return outcome().equals(Optional.of(Attempt.Outcome.COMPLETED));
  }

  @Override
  public String toString() {
    String what = job.type() + " " + job.args() + ": ";
    if (attempt == null) {
      return what + "given back or taken over";
    }
    return what
        + "attempt "
        + attempt.number()
        + " "
        + attempt.outcome()
        + (attempt.error() == null ? "" : ", " + attempt.errorClass() + ": " + attempt.error());
  }
}
