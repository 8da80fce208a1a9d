package dev.plinth.jobs.node;

import dev.plinth.core.event.Fact;
import dev.plinth.core.event.PlinthEvent;
import dev.plinth.core.json.Json;
import java.util.Map;

/**
 * A node and all that was recorded of it is gone; announced in the transaction that deletes it.
 *
 * @param nodeId which one
 * @param name its name
 * @param region its region
 */
public record NodeDeleted(NodeId nodeId, String name, String region) implements PlinthEvent {
  @Override
  public Fact fact() {
    return new Fact(
        "node.deleted",
        null,
        "node",
        nodeId.toString(),
        Fact.Outcome.SUCCEEDED,
        Json.object(Map.of("name", name, "region", region)));
  }
}
