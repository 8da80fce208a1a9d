package dev.plinth.core.health;

import dev.plinth.core.spi.Args;

/** How well something works; later constants are worse. */
public enum HealthStatus {
  /** As it should. */
  UP,
  /** It works, but something is slower or less safe than it should be, and somebody should look. */
  DEGRADED,
  /** It does not work: send no requests here that need the database. */
  DOWN;

  /** The worse of the two. */
  public HealthStatus worse(HealthStatus other) {
    return compareTo(Args.notNull(other, "other")) >= 0 ? this : other;
  }
}
