package dev.plinth.jobs;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A batch as the database has it. The counters are exact at the moment of the reading: they include
 * what is appended but not folded yet.
 *
 * @param id its id
 * @param tenantId the tenant it belongs to, or null
 * @param userId the user who owns it, or null
 * @param name its name for people
 * @param status where it stands
 * @param total jobs added
 * @param completed jobs that ended well
 * @param failed jobs that ended in failure
 * @param callback the job that was enqueued at its end, or null
 * @param createdAt when it was created
 * @param startedAt start of the earliest attempt that ended a job of it, or null
 * @param sealedAt when it was sealed, or null
 * @param completedAt when its end was recorded, or null
 */
public record Batch(
    BatchId id,
    @Nullable String tenantId,
    @Nullable UUID userId,
    String name,
    Status status,
    long total,
    long completed,
    long failed,
    @Nullable JobId callback,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Instant sealedAt,
    @Nullable Instant completedAt) {
  /** Where a batch stands. */
  public enum Status {
    /** Takes jobs. */
    OPEN,
    /** Takes no more, and waits for the rest. */
    SEALED,
    /** Every job ended well. */
    COMPLETED,
    /** Every job ended, at least one of them in failure. */
    FAILED
  }

  /** Jobs that have not ended. */
  public long pending() {
    return total - completed - failed;
  }

  /** True once its end is recorded. */
  public boolean isFinished() {
    return status == Status.COMPLETED || status == Status.FAILED;
  }
}
