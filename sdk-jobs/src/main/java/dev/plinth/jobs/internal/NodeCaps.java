package dev.plinth.jobs.internal;

import java.util.Map;

/**
 * How many jobs may be at work on this node, beyond the number of its workers.
 *
 * @param queues of a queue
 * @param types of a type
 */
public record NodeCaps(Map<String, Integer> queues, Map<String, Integer> types) {
  /** Copies the maps. */
  public NodeCaps {
    queues = Map.copyOf(queues);
    types = Map.copyOf(types);
  }
}
