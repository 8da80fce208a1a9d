package dev.plinth.jobs.schedule;

import dev.plinth.core.spi.Args;
import java.time.DateTimeException;
import java.time.ZoneId;

/** Zones by their names. */
final class Zones {
  private Zones() {}

  static ZoneId of(String name) {
    Args.text(name, 100, "zone");
    try {
      return ZoneId.of(name);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "zone must be a time zone that this JVM knows, such as Europe/Berlin or UTC", e);
    }
  }
}
