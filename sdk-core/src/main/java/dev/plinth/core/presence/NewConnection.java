package dev.plinth.core.presence;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.net.InetAddress;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A connection to be registered. Immutable; start from {@link #of}.
 *
 * @param userId who is connected
 * @param sessionId the session it was opened with, or null
 * @param ipAddress where it comes from, or null
 * @param userAgent the client, as it calls itself, at most 1,000 characters; or null
 * @param metadata the host's own data, a JSON object
 * @param timeToLive how long it is believed open after it was last seen; between a second and a day
 */
public record NewConnection(
    UUID userId,
    @Nullable UUID sessionId,
    @Nullable InetAddress ipAddress,
    @Nullable String userAgent,
    Json metadata,
    Duration timeToLive) {
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(1);

  /** Checks the arguments. */
  public NewConnection {
    Args.notNull(userId, "userId");
    if (userAgent != null) {
      Args.text(userAgent, 1_000, "userAgent");
    }
    Args.notNull(metadata, "metadata").requireObject("metadata");
    Args.notNull(timeToLive, "timeToLive");
    Args.check(
        timeToLive.compareTo(SHORTEST) >= 0 && timeToLive.compareTo(LONGEST) <= 0,
        "timeToLive must be between one second and one day, but is " + timeToLive);
  }

  /** A connection of a user, believed open for two minutes after it was last seen. */
  public static NewConnection of(UUID userId) {
    return new NewConnection(userId, null, null, null, Json.emptyObject(), Duration.ofMinutes(2));
  }

  /** The same, opened with a session. */
  public NewConnection withSession(UUID sessionId) {
    return new NewConnection(
        userId, Args.notNull(sessionId, "sessionId"), ipAddress, userAgent, metadata, timeToLive);
  }

  /** The same, coming from an address. */
  public NewConnection withIpAddress(InetAddress ipAddress) {
    return new NewConnection(
        userId, sessionId, Args.notNull(ipAddress, "ipAddress"), userAgent, metadata, timeToLive);
  }

  /** The same, of a client that calls itself so. */
  public NewConnection withUserAgent(String userAgent) {
    return new NewConnection(
        userId, sessionId, ipAddress, Args.notNull(userAgent, "userAgent"), metadata, timeToLive);
  }

  /** The same with the host's own data. */
  public NewConnection withMetadata(Json metadata) {
    return new NewConnection(userId, sessionId, ipAddress, userAgent, metadata, timeToLive);
  }

  /** The same, believed open for another time after it was last seen. */
  public NewConnection withTimeToLive(Duration timeToLive) {
    return new NewConnection(userId, sessionId, ipAddress, userAgent, metadata, timeToLive);
  }
}
