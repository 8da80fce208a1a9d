package dev.plinth.core.internal.presence;

import dev.plinth.core.presence.LiveConnection;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A connection that this node holds. Safe for use by many threads. */
final class HeldConnection {
  /** A registration whose transaction is still open after this time counts as rolled back. */
  private static final Duration COMMITS_WITHIN = Duration.ofMinutes(5);

  private final UUID id;
  private final @Nullable String tenant;
  private final UUID instance;
  private final Duration timeToLive;
  private final long registeredNanos = System.nanoTime();
  private volatile boolean committed;
  private volatile boolean seen;

  HeldConnection(LiveConnection connection, Duration timeToLive) {
    this.id = connection.id();
    this.tenant = connection.tenantId();
    this.instance = connection.instanceId();
    this.timeToLive = timeToLive;
  }

  UUID id() {
    return id;
  }

  @Nullable String tenant() {
    return tenant;
  }

  UUID instance() {
    return instance;
  }

  Duration timeToLive() {
    return timeToLive;
  }

  /** Its transaction is known to have committed. */
  void committed() {
    committed = true;
  }

  /** Whether a row that is not there means that the connection is over. */
  boolean isSettled() {
    return committed || System.nanoTime() - registeredNanos > COMMITS_WITHIN.toNanos();
  }

  void seen() {
    seen = true;
  }

  boolean wasSeen() {
    return seen;
  }

  /** Before the database is told: what is seen meanwhile counts for the next time. */
  void tellingThatSeen() {
    seen = false;
  }
}
