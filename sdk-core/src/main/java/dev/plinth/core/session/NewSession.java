package dev.plinth.core.session;

import dev.plinth.core.json.Json;
import dev.plinth.core.spi.Args;
import java.net.InetAddress;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A session to be begun. Immutable; start from {@link #of}.
 *
 * @param userId who is logged in
 * @param data the host's own data, a JSON object of at most 65,536 characters
 * @param deviceType such as {@code browser}, {@code phone} or {@code cli}; at most 50 characters,
 *     or null
 * @param deviceName what people call the device; at most 255 characters, or null
 * @param address where it is begun from, or null
 * @param idleTimeout how long it may lie unused; from a second to 10 years, 30 minutes unless set
 * @param lifetime how long it lasts in any case; from a second to 10 years, 12 hours unless set
 */
public record NewSession(
    UUID userId,
    Json data,
    @Nullable String deviceType,
    @Nullable String deviceName,
    @Nullable InetAddress address,
    Duration idleTimeout,
    Duration lifetime) {
  /** The most characters that data may have. */
  public static final int MAX_DATA = 65_536;

  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(3_660);

  /** Checks the arguments. */
  public NewSession {
    Args.notNull(userId, "userId");
    Args.notNull(data, "data").requireObject("data");
    Args.bounded(data.text(), MAX_DATA, "data");
    if (deviceType != null) {
      Args.text(deviceType, 50, "deviceType");
    }
    if (deviceName != null) {
      Args.text(deviceName, 255, "deviceName");
    }
    requireTime(idleTimeout, "idleTimeout");
    requireTime(lifetime, "lifetime");
  }

  /** A session of half an hour's patience and twelve hours at most. */
  public static NewSession of(UUID userId) {
    return new NewSession(
        userId, Json.emptyObject(), null, null, null, Duration.ofMinutes(30), Duration.ofHours(12));
  }

  /** The same with data of the host's. */
  public NewSession withData(Json data) {
    return new NewSession(userId, data, deviceType, deviceName, address, idleTimeout, lifetime);
  }

  /** The same on a device. */
  public NewSession withDevice(String deviceType, String deviceName) {
    return new NewSession(
        userId,
        data,
        Args.text(deviceType, 50, "deviceType"),
        Args.text(deviceName, 255, "deviceName"),
        address,
        idleTimeout,
        lifetime);
  }

  /** The same, begun from an address. */
  public NewSession withAddress(InetAddress address) {
    return new NewSession(
        userId,
        data,
        deviceType,
        deviceName,
        Args.notNull(address, "address"),
        idleTimeout,
        lifetime);
  }

  /** The same with other ends: after lying unused so long, and after so long in any case. */
  public NewSession withTimeouts(Duration idleTimeout, Duration lifetime) {
    return new NewSession(userId, data, deviceType, deviceName, address, idleTimeout, lifetime);
  }

  private static void requireTime(Duration time, String name) {
    Args.notNull(time, name);
    Args.check(
        time.compareTo(SHORTEST) >= 0 && time.compareTo(LONGEST) <= 0,
        name + " must be between a second and 10 years");
  }
}
