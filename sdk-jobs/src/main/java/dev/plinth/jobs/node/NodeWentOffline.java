package dev.plinth.jobs.node;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A node's heartbeats stay away, or somebody says that it is offline; announced in the transaction
 * that records it.
 *
 * @param nodeId which one
 * @param name its name
 * @param region its region
 * @param previous its status until then
 * @param lastHeartbeat when it was last heard of, or null
 * @param triggeredBy {@code system}, or who it was
 */
public record NodeWentOffline(
    NodeId nodeId,
    String name,
    String region,
    NodeStatus previous,
    @Nullable Instant lastHeartbeat,
    String triggeredBy)
    implements PlinthEvent {
  @Override
  public Fact fact() {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("name", name);
    details.put("region", region);
    details.put("previousStatus", previous.name().toLowerCase(Locale.ROOT));
    if (lastHeartbeat != null) {
      details.put("lastHeartbeat", lastHeartbeat.toString());
    }
    details.put("triggeredBy", triggeredBy);
    return new Fact(
        "node.went_offline",
        null,
        "node",
        nodeId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(details));
  }
}
