package dev.plinth.jobs.internal;

import dev.plinth.jobs.Cancellation;
import java.time.Duration;
import java.time.Instant;

/** Why a run was told to stop, where that becomes part of its end. */
sealed interface StopCause {
  /** Its job was cancelled. */
  record Cancelled(Cancellation cancellation) implements StopCause {}

  /** The attempt took too long. */
  record TimedOut(Duration limit) implements StopCause {}

  /** The job's deadline passed. */
  record DeadlinePassed(Instant deadline) implements StopCause {}

  /** The user may use no more of what the job is charged for. */
  record Refused(String resource, String why) implements StopCause {}
}
