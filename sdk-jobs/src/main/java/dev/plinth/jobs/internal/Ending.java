package dev.plinth.jobs.internal;

import dev.plinth.core.json.Json;
import dev.plinth.jobs.Cancellation;
import dev.plinth.jobs.Progress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How a claim ends. Every one is written only while its epoch still holds. */
sealed interface Ending {
  /** The claim that ends. */
  Claimed job();

  /** The handler returned. */
  record Completed(Claimed job, @Nullable Json result, @Nullable Progress progress)
      implements Ending {}

  /** The attempt failed; a delay means that another one follows. */
  record Failed(
      Claimed job,
      Failure failure,
      @Nullable Duration retryAfter,
      @Nullable Progress progress,
      Kind kind)
      implements Ending {
    /** How it failed. */
    enum Kind {
      /** The handler threw. */
      ERROR,
      /** It took too long. */
      TIMED_OUT,
      /** The handler gave the job up. */
      DISCARDED
    }

    /** The handler threw. */
    Failed(
        Claimed job, Failure failure, @Nullable Duration retryAfter, @Nullable Progress progress) {
      this(job, failure, retryAfter, progress, Kind.ERROR);
    }

    boolean isFinal() {
      return retryAfter == null;
    }

    /** What its attempt is recorded as. */
    String outcome() {
      return switch (kind) {
        case ERROR -> isFinal() ? "failed" : "retried";
        case TIMED_OUT -> "timed_out";
        case DISCARDED -> "discarded";
      };
    }

    Failed withoutProgress() {
      return new Failed(job, failure, retryAfter, null, kind);
    }
  }

  /** The handler wants to go on later. */
  record Snoozed(Claimed job, Duration delay, @Nullable Progress progress) implements Ending {}

  /**
   * The job was cancelled.
   *
   * @param begun whether the handler was at work
   * @param failure what it threw then, or null
   */
  record Cancelled(
      Claimed job,
      boolean begun,
      Cancellation cancellation,
      @Nullable Failure failure,
      @Nullable Progress progress)
      implements Ending {}

  /** Given back, begun or not, to run elsewhere. */
  record Released(Claimed job, boolean begun) implements Ending {}
}
