package dev.plinth.jobs;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Everything in a sealed batch has ended; announced once, in the transaction that records it.
 *
 * @param batchId which one
 * @param tenantId the tenant it belongs to, or null
 * @param userId the user who owns it, or null
 * @param name its name
 * @param status how it ended
 * @param total its jobs
 * @param completed those that ended well
 * @param failed those that ended in failure or were cancelled
 * @param cancelled those of them that were cancelled
 */
public record BatchCompleted(
    BatchId batchId,
    @Nullable String tenantId,
    @Nullable UUID userId,
    String name,
    Batch.Status status,
    long total,
    long completed,
    long failed,
    long cancelled)
    implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "batch.completed",
        userId,
        "batch",
        batchId.toString(),
        status == Batch.Status.COMPLETED ? Fact.Outcome.SUCCEEDED : Fact.Outcome.FAILED,
        Json.object(
            Map.of(
                "name",
                name,
                "status",
                status.name().toLowerCase(Locale.ROOT),
                "total",
                total,
                "completed",
                completed,
                "failed",
                failed,
                "cancelled",
                cancelled)),
        tenantId);
  }
}
