package dev.plinth.jobs;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An ended attempt at a job.
 *
 * @param jobId the job
 * @param epoch which claim of the job this was, from 1 on
 * @param number the attempt's number; one that was released is repeated under the same
 * @param instanceId the instance that ran it
 * @param startedAt when it was claimed
 * @param endedAt when its outcome was written
 * @param outcome how it ended
 * @param errorClass the class of the exception, or null
 * @param error the exception's message, at most 2,000 characters, or null
 * @param stackTrace its stack trace, at most 16,000 characters, or null
 */
public record Attempt(
    JobId jobId,
    int epoch,
    int number,
    UUID instanceId,
    Instant startedAt,
    Instant endedAt,
    Outcome outcome,
    @Nullable String errorClass,
    @Nullable String error,
    @Nullable String stackTrace) {
  /** How an attempt ended. */
  public enum Outcome {
    /** Well. */
    COMPLETED,
    /** In an error, and another attempt follows. */
    RETRIED,
    /** In an error, and the job with it. */
    FAILED,
    /** Its instance died. */
    LOST,
    /** Given back by an instance that was shutting down. */
    RELEASED,
    /** Told to stop, because the job was cancelled. */
    CANCELLED,
    /** Told to stop, because it took too long; another attempt follows, or the job has failed. */
    TIMED_OUT,
    /** Put off by its handler: the job comes back, and this does not count. */
    SNOOZED,
    /** Given up by its handler, and the job has failed with it. */
    DISCARDED
  }
}
