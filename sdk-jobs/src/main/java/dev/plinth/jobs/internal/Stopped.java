package dev.plinth.jobs.internal;

import dev.plinth.jobs.DeadlinePassedException;
import dev.plinth.jobs.RetryPolicy;
import dev.plinth.jobs.TimedOutException;
import dev.plinth.jobs.UsageRefusedException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The ends of runs that were told to stop. */
final class Stopped {
  private Stopped() {}

  /** Of one whose handler has not begun. */
  static Ending beforeItBegan(Claimed job, StopCause cause) {
    if (cause instanceof StopCause.Cancelled cancelled) {
      return new Ending.Cancelled(job, false, cancelled.cancellation(), null, null);
    }
    if (cause instanceof StopCause.DeadlinePassed passed) {
      return new Ending.Failed(
          job,
          Failure.of(new DeadlinePassedException(passed.deadline())),
          null,
          null,
          Ending.Failed.Kind.NOT_BEGUN);
    }
    throw new IllegalStateException("Job " + job.id() + " timed out before it began");
  }

  /**
   * Of one whose handler was at work.
   *
   * @param thrown what the handler threw, or where it is still at work; null when it returned
   */
  static Ending ending(
      ActiveRun run, StopCause cause, @Nullable Throwable thrown, RetryPolicy policy) {
    if (cause instanceof StopCause.Cancelled cancelled) {
      return new Ending.Cancelled(
          run.job(),
          true,
          cancelled.cancellation(),
          thrown == null ? null : Failure.of(thrown),
          run.lastProgress());
    }
    if (cause instanceof StopCause.Refused refused) {
      return refused(run, refused, thrown, policy);
    }
    Duration limit = cause instanceof StopCause.TimedOut timedOut ? timedOut.limit() : null;
    TimedOutException failure =
        new TimedOutException(
            run.took(),
            cause instanceof StopCause.DeadlinePassed passed
                ? "the job's deadline, " + passed.deadline() + ", has passed"
                : "it may take " + limit,
            thrown);
    boolean again =
        limit != null && run.attempt() < run.maxAttempts() && Workers.isRetryable(policy, failure);
    return new Ending.Failed(
        run.job(),
        Failure.of(failure),
        again ? policy.delayAfter(run.attempt()) : null,
        run.lastProgress(),
        Ending.Failed.Kind.TIMED_OUT);
  }

  private static Ending refused(
      ActiveRun run, StopCause.Refused cause, @Nullable Throwable thrown, RetryPolicy policy) {
    UsageRefusedException failure =
        new UsageRefusedException(cause.resource(), cause.why(), thrown);
    boolean again = run.attempt() < run.maxAttempts() && Workers.isRetryable(policy, failure);
    return new Ending.Failed(
        run.job(),
        Failure.of(failure),
        again ? policy.delayAfter(run.attempt()) : null,
        run.lastProgress());
  }
}
