package dev.plinth.jobs;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A batch as the database has it. The counters are exact at the moment of the reading: they include
 * what is appended but not folded yet. Jobs of batches within it count there and not here.
 *
 * @param id its id
 * @param tenantId the tenant it belongs to, or null
 * @param userId the user who owns it, or null
 * @param name its name for people
 * @param parent the batch around it, or null
 * @param status where it stands
 * @param total jobs added
 * @param completed jobs that ended well
 * @param failed jobs that ended in failure or were cancelled
 * @param cancelled those of them that were cancelled
 * @param batches the batches directly within it
 * @param callback the job that was enqueued at its end, or null
 * @param successCallback the job that was enqueued because it ended well, or null
 * @param failureCallback the job that was enqueued because it did not, or null
 * @param createdAt when it was created
 * @param startedAt start of the earliest attempt that ended a job of it or of a batch within it, or
 *     null
 * @param sealedAt when it was sealed, or null
 * @param completedAt when its end was recorded, or null
 */
public record Batch(
    BatchId id,
    @Nullable String tenantId,
    @Nullable UUID userId,
    String name,
    @Nullable BatchId parent,
    Status status,
    long total,
    long completed,
    long failed,
    long cancelled,
    Batches batches,
    @Nullable JobId callback,
    @Nullable JobId successCallback,
    @Nullable JobId failureCallback,
    Instant createdAt,
    @Nullable Instant startedAt,
    @Nullable Instant sealedAt,
    @Nullable Instant completedAt) {
  /** Where a batch stands. */
  public enum Status {
    /** Takes jobs and batches. */
    OPEN,
    /** Takes no more, and waits for the rest. */
    SEALED,
    /** Everything ended well. */
    COMPLETED,
    /** Everything ended, something in failure. */
    FAILED,
    /** Everything ended, and what did not end well was cancelled. */
    CANCELLED
  }

  /**
   * How many batches lie directly within one, and how they ended.
   *
   * @param total those created in it
   * @param completed those that ended well
   * @param failed those that ended in failure or were cancelled
   * @param cancelled those of them that were cancelled
   */
  public record Batches(long total, long completed, long failed, long cancelled) {
    /** Those that have not ended. */
    public long pending() {
      return total - completed - failed;
    }
  }

  /** Jobs that have not ended. */
  public long pending() {
    return total - completed - failed;
  }

  /** True once its end is recorded. */
  public boolean isFinished() {
    return status == Status.COMPLETED || status == Status.FAILED || status == Status.CANCELLED;
  }
}
