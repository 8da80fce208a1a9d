package dev.plinth.jobs.node;

import dev.plinth.core.json.Json;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A change of a node's status.
 *
 * @param id ascends with a node's changes
 * @param node the node
 * @param kind what kind of change
 * @param previous the status until then; null when it was registered
 * @param next the status from then on
 * @param reason why, for people; or null
 * @param triggeredBy {@code heartbeat}, {@code system}, {@code manual}, or who it was; or null
 * @param extraData more about it, or null
 * @param at when
 */
public record NodeTransition(
    long id,
    NodeId node,
    Kind kind,
    @Nullable NodeStatus previous,
    NodeStatus next,
    @Nullable String reason,
    @Nullable String triggeredBy,
    @Nullable Json extraData,
    Instant at) {
  /** The kinds of change. */
  public enum Kind {
    /** The beginning. */
    REGISTERED,
    /** Heard of after it was inactive or offline. */
    CAME_ONLINE,
    /** Its heartbeats stayed away, or somebody says so. */
    WENT_OFFLINE,
    /** Any other. */
    STATUS_CHANGED
  }
}
