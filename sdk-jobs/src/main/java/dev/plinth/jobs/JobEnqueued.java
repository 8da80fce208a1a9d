package dev.plinth.jobs;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A job was enqueued; announced in the transaction that does it, for the kinds that {@link
 * JobsBuilder#audited} names.
 *
 * @param jobId which one
 * @param tenantId the tenant it belongs to, or null
 * @param userId the user who owns it, or null
 * @param type the name of its kind
 * @param queue where it waits
 */
public record JobEnqueued(
    JobId jobId, @Nullable String tenantId, @Nullable UUID userId, String type, String queue)
    implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "job.enqueued",
        userId,
        "job",
        jobId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(Map.of("type", type, "queue", queue)),
        tenantId);
  }
}
