package dev.plinth.jobs;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A job has failed for good; announced in the transaction that records it.
 *
 * @param jobId which one
 * @param tenantId the tenant it belongs to, or null
 * @param userId the user who owns it, or null
 * @param type the name of its kind
 * @param attempts how many attempts were made
 * @param errorClass the class of the last exception, or null when its instance died
 */
public record JobFailed(
    JobId jobId,
    @Nullable String tenantId,
    @Nullable UUID userId,
    String type,
    int attempts,
    @Nullable String errorClass)
    implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "job.failed",
        userId,
        "job",
        jobId.toString(),
        Fact.Outcome.FAILED,
        Json.object(
            Map.of(
                "type",
                type,
                "attempts",
                attempts,
                "error",
                errorClass == null ? "instance lost" : errorClass)),
        tenantId);
  }
}
