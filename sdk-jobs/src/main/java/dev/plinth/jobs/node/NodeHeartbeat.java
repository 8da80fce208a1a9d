package dev.plinth.jobs.node;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a node says about itself. Immutable; start from {@link #well()} or {@link #failing}.
 *
 * @param status its own word for how it is, at most 50 characters; kept in its history, and of no
 *     further meaning
 * @param errorMessage what is wrong with it, at most 10,000 characters; null makes the node active,
 *     anything else puts it in error
 * @param configHash hash of the configuration it runs with, at most 64 characters; null leaves what
 *     it said before
 * @param metrics what it measured, at most 65,536 characters; or null
 * @param instanceId the instance of Plinth that runs on it; null leaves what it said before
 */
public record NodeHeartbeat(
    String status,
    @Nullable String errorMessage,
    @Nullable String configHash,
    @Nullable Json metrics,
    @Nullable UUID instanceId) {
  private static final NodeHeartbeat WELL = new NodeHeartbeat("active", null, null, null, null);

  /** Checks the arguments. */
  public NodeHeartbeat {
    Args.text(status, 50, "status");
    if (errorMessage != null) {
      Args.bounded(errorMessage, 10_000, "errorMessage");
    }
    if (configHash != null) {
      Args.text(configHash, 64, "configHash");
    }
    if (metrics != null) {
      Args.bounded(metrics.text(), 65_536, "metrics");
    }
  }

  /** Of a node that is well. */
  public static NodeHeartbeat well() {
    return WELL;
  }

  /** Of a node with which something is wrong. */
  public static NodeHeartbeat failing(String errorMessage) {
    return new NodeHeartbeat("error", Args.notNull(errorMessage, "errorMessage"), null, null, null);
  }

  /** The same in the node's own word. */
  public NodeHeartbeat withStatus(String status) {
    return new NodeHeartbeat(status, errorMessage, configHash, metrics, instanceId);
  }

  /** The same, running with this configuration. */
  public NodeHeartbeat withConfigHash(String configHash) {
    return new NodeHeartbeat(
        status, errorMessage, Args.notNull(configHash, "configHash"), metrics, instanceId);
  }

  /** The same with what was measured. */
  public NodeHeartbeat withMetrics(Json metrics) {
    return new NodeHeartbeat(
        status, errorMessage, configHash, Args.notNull(metrics, "metrics"), instanceId);
  }

  /** The same, told by this instance of Plinth: {@code plinth.instances().id()}. */
  public NodeHeartbeat withInstance(UUID instanceId) {
    return new NodeHeartbeat(
        status, errorMessage, configHash, metrics, Args.notNull(instanceId, "instanceId"));
  }
}
