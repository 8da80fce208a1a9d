package dev.plinth.jobs;

import dev.plinth.core.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A step of a run as the database has it.
 *
 * @param jobId the job
 * @param name its name in the run
 * @param label its name for people, or null
 * @param type its kind in the host's words, or null
 * @param status where it stands
 * @param attempt the attempt at the job in which it was last begun
 * @param epoch the claim under which it was last begun
 * @param retries how often it was begun again
 * @param input what it was given, or null where the host did not say
 * @param output what it returned, or null
 * @param error its last error, at most 2,000 characters, or null
 * @param createdAt when it was begun for the first time
 * @param startedAt when it was last begun
 * @param completedAt when it ended, well or not; null while it runs
 */
public record JobStep(
    JobId jobId,
    String name,
    @Nullable String label,
    @Nullable String type,
    Status status,
    int attempt,
    int epoch,
    int retries,
    @Nullable Json input,
    @Nullable Json output,
    @Nullable String error,
    Instant createdAt,
    Instant startedAt,
    @Nullable Instant completedAt) {
  /** Where a step stands. */
  public enum Status {
    /** Begun, by a run that goes on. */
    RUNNING,
    /** Begun by a run that ended before the step did, in a crash say. */
    INTERRUPTED,
    /** Ended well, for good. */
    COMPLETED,
    /** Ended in an error; the next attempt that comes to it runs it again. */
    FAILED
  }

  /** How long it took when it was last run; empty while it has not ended. */
  public Optional<Duration> duration() {
    return Optional.ofNullable(completedAt).map(end -> Duration.between(startedAt, end));
  }
}
