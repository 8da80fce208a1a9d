package dev.plinth.jobs;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Every job of a sealed batch has ended; announced once, in the transaction that records it.
 *
 * @param batchId which one
 * @param userId the user who owns it, or null
 * @param name its name
 * @param total its jobs
 * @param completed those that ended well
 * @param failed those that ended in failure
 */
public record BatchCompleted(
    BatchId batchId, @Nullable UUID userId, String name, long total, long completed, long failed)
    implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "batch.completed",
        userId,
        "batch",
        batchId.toString(),
        failed == 0 ? Fact.Outcome.SUCCEEDED : Fact.Outcome.FAILED,
        Json.object(
            Map.of("name", name, "total", total, "completed", completed, "failed", failed)));
  }
}
