package dev.plinth.jobs.schedule;

import dev.plinth.core.json.Json;
import dev.plinth.jobs.JobId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A schedule as the database has it.
 *
 * @param id its id, a UUIDv7
 * @param tenantId the tenant it belongs to, or null
 * @param name its name
 * @param timing when it is due
 * @param type the name of the kind of its jobs
 * @param jobVersion the version the arguments were written for
 * @param args what each job is given, or null for the {@link Occurrence}
 * @param missed what becomes of due times that nobody fired in time
 * @param overlap what becomes of a due time while the last job has not ended
 * @param queue the queue of its jobs
 * @param priority their priority
 * @param maxAttempts attempts of each
 * @param userId the user who owns it, or null
 * @param nodeId the node that it is about, or null
 * @param nextRunAt the due time that is fired next; null while it is paused
 * @param bufferedAt the due time that waits for the end of the last job, or null
 * @param lastRunAt the due time of the last job, or when it was triggered by hand; or null
 * @param lastJob the last job, which may be gone by now; or null
 * @param lastSkippedAt the latest due time that was let go because the last job had not ended, or
 *     null
 * @param createdAt when it was created
 * @param updatedAt when it was last changed; firing changes nothing in this sense
 * @param version goes up with every such change
 */
public record Schedule(
    UUID id,
    @Nullable String tenantId,
    String name,
    Timing timing,
    String type,
    int jobVersion,
    @Nullable Json args,
    Missed missed,
    Overlap overlap,
    String queue,
    int priority,
    int maxAttempts,
    @Nullable UUID userId,
    @Nullable UUID nodeId,
    @Nullable Instant nextRunAt,
    @Nullable Instant bufferedAt,
    @Nullable Instant lastRunAt,
    @Nullable JobId lastJob,
    @Nullable Instant lastSkippedAt,
    Instant createdAt,
    Instant updatedAt,
    long version) {
  /** False while it is paused. */
  public boolean isActive() {
    return nextRunAt != null;
  }
}
