package dev.plinth.jobs.node;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.net.InetAddress;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A node as the database has it. Immutable; the {@code with…} methods make the changed copy that
 * {@link Nodes#update} takes.
 *
 * @param id its id
 * @param tenantId the tenant it belongs to, or null
 * @param name its name, unique within its tenant
 * @param region where it stands, in the host's words
 * @param ipAddress its address, or null
 * @param description what people say about it, or null
 * @param status where it stands
 * @param switchedOff true while somebody wants it inactive, whatever it says
 * @param statusSince when its status last changed
 * @param apiKeyId the API key it acts with, or null
 * @param instanceId the instance that its last heartbeat named, or null
 * @param lastHeartbeat when it was last heard of, or null
 * @param configHash hash of the configuration that it said last it runs with, or null
 * @param metadata the host's own data, a JSON object
 * @param version counts changes of what describes it, for optimistic locking
 * @param createdAt when it was registered
 * @param updatedAt when what describes it last changed
 */
public record Node(
    NodeId id,
    @Nullable String tenantId,
    String name,
    String region,
    @Nullable InetAddress ipAddress,
    @Nullable String description,
    NodeStatus status,
    boolean switchedOff,
    Instant statusSince,
    @Nullable UUID apiKeyId,
    @Nullable UUID instanceId,
    @Nullable Instant lastHeartbeat,
    @Nullable String configHash,
    Json metadata,
    long version,
    Instant createdAt,
    Instant updatedAt) {
  /** Checks what {@link Nodes#update} would write. */
  public Node {
    Args.notNull(id, "id");
    NewNode.check(region, description, metadata);
  }

  /** The same in another region; for {@link Nodes#update}. */
  public Node withRegion(String region) {
    return with(region, ipAddress, description, metadata);
  }

  /** The same at another address, or none; for {@link Nodes#update}. */
  public Node withIpAddress(@Nullable InetAddress ipAddress) {
    return with(region, ipAddress, description, metadata);
  }

  /** The same with another description, or none; for {@link Nodes#update}. */
  public Node withDescription(@Nullable String description) {
    return with(region, ipAddress, description, metadata);
  }

  /** The same with other data of the host's; for {@link Nodes#update}. */
  public Node withMetadata(Json metadata) {
    return with(region, ipAddress, description, metadata);
  }

  private Node with(
      String region, @Nullable InetAddress ipAddress, @Nullable String description, Json metadata) {
    return new Node(
        id,
        tenantId,
        name,
        region,
        ipAddress,
        description,
        status,
        switchedOff,
        statusSince,
        apiKeyId,
        instanceId,
        lastHeartbeat,
        configHash,
        metadata,
        version,
        createdAt,
        updatedAt);
  }
}
