package dev.plinth.jobs.node;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * A node to be registered. Immutable; start from {@link #of}.
 *
 * @param name its name, unique within its tenant, at most 255 characters; it never changes
 * @param region where it stands, in the host's words; at most 100 characters
 * @param ipAddress its address, or null
 * @param description what people say about it, at most 10,000 characters; or null
 * @param metadata the host's own data, a JSON object of at most 16,384 characters
 */
public record NewNode(
    String name,
    String region,
    @Nullable InetAddress ipAddress,
    @Nullable String description,
    Json metadata) {
  private static final int MAX_METADATA = 16_384;

  /** Checks the arguments. */
  public NewNode {
    Args.text(name, 255, "name");
    check(region, description, metadata);
  }

  static void check(String region, @Nullable String description, Json metadata) {
    Args.text(region, 100, "region");
    if (description != null) {
      Args.bounded(description, 10_000, "description");
    }
    Args.notNull(metadata, "metadata").requireObject("metadata");
    Args.bounded(metadata.text(), MAX_METADATA, "metadata");
  }

  /** A node of this name in this region. */
  public static NewNode of(String name, String region) {
    return new NewNode(name, region, null, null, Json.emptyObject());
  }

  /** The same at this address. */
  public NewNode withIpAddress(InetAddress ipAddress) {
    return new NewNode(name, region, Args.notNull(ipAddress, "ipAddress"), description, metadata);
  }

  /** The same with a description. */
  public NewNode withDescription(String description) {
    return new NewNode(name, region, ipAddress, Args.notNull(description, "description"), metadata);
  }

  /** The same with data of the host's. */
  public NewNode withMetadata(Json metadata) {
    return new NewNode(name, region, ipAddress, description, metadata);
  }
}
