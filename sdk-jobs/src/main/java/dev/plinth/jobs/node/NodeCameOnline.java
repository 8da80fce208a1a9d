package dev.plinth.jobs.node;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.Locale;
import java.util.Map;

/**
 * A node is heard of that was inactive or offline; announced in the transaction that records it.
 *
 * @param nodeId which one
 * @param name its name
 * @param region its region
 * @param previous its status until then
 * @param status active, or in error
 * @param triggeredBy {@code heartbeat}, or who it was
 */
public record NodeCameOnline(
    NodeId nodeId,
    String name,
    String region,
    NodeStatus previous,
    NodeStatus status,
    String triggeredBy)
    implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "node.came_online",
        null,
        "node",
        nodeId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(
            Map.of(
                "name",
                name,
                "region",
                region,
                "previousStatus",
                previous.name().toLowerCase(Locale.ROOT),
                "newStatus",
                status.name().toLowerCase(Locale.ROOT),
                "triggeredBy",
                triggeredBy)));
  }
}
