package dev.plinth.jobs;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A job has completed; announced in the transaction that records it, for the kinds that {@link
 * JobsBuilder#audited} names.
 *
 * @param jobId which one
 * @param tenantId the tenant it belongs to, or null
 * @param userId the user who owns it, or null
 * @param type the name of its kind
 * @param attempts how many attempts were made
 */
public record JobCompleted(
    JobId jobId, @Nullable String tenantId, @Nullable UUID userId, String type, int attempts)
    implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "job.completed",
        userId,
        "job",
        jobId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(Map.of("type", type, "attempts", attempts)),
        tenantId);
  }
}
