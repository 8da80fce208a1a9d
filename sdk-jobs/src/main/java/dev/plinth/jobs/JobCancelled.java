package dev.plinth.jobs;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A job was cancelled; announced in the transaction that records it.
 *
 * @param jobId which one
 * @param tenantId the tenant it belongs to, or null
 * @param userId the user who owns it, or null
 * @param type the name of its kind
 * @param begun whether its handler was at work
 * @param cancellation why, and by whom
 */
public record JobCancelled(
    JobId jobId,
    @Nullable String tenantId,
    @Nullable UUID userId,
    String type,
    boolean begun,
    Cancellation cancellation)
    implements PlinthEvent {
  @Override
  public Fact fact() {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("type", type);
    details.put("begun", begun);
    if (cancellation.reason() != null) {
      details.put("reason", cancellation.reason());
    }
    if (cancellation.by() != null) {
      details.put("by", cancellation.by().toString());
    }
    return new Fact(
        "job.cancelled",
        userId,
        "job",
        jobId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(details),
        tenantId);
  }
}
