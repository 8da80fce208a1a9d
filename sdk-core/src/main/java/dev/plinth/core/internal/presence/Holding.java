package dev.plinth.core.internal.presence;

import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.internal.Rounds;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.tx.TxOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node holds. As long as that is anything, one thread tells the database what was seen
 * and finds what is over. Safe for use by many threads.
 */
final class Holding {
  private static final Logger log = LoggerFactory.getLogger(Holding.class);

  private static final Duration LONGEST = Duration.ofDays(1);

  private final Beat beat;
  private final Rounds rounds;
  private final Map<UUID, HeldConnection> held = new ConcurrentHashMap<>();
  private final Farewells farewells;

  /**
   * Of what is held, or was at the last round; two who set it at once are put right by the next.
   */
  private volatile Duration shortest = LONGEST;

  Holding(Beat beat, Threads threads) {
    this.beat = beat;
    this.farewells = new Farewells(threads);
    this.rounds =
        new Rounds(threads, "The heartbeat of live connections", this::round, this::pause);
  }

  void add(HeldConnection connection) {
    held.put(connection.id(), connection);
    if (connection.timeToLive().compareTo(shortest) < 0) {
      shortest = connection.timeToLive();
      rounds.pauseChanged();
    }
    ensureRunning();
  }

  boolean seen(UUID id) {
    HeldConnection connection = held.get(id);
    if (connection == null) {
      return false;
    }
    connection.seen();
    ensureRunning();
    return true;
  }

  /** Closed by the host, which need not be told. */
  void forget(UUID id, Optional<String> tenant) {
    held.computeIfPresent(
        id, (key, there) -> Objects.equals(there.tenant(), tenant.orElse(null)) ? null : there);
  }

  /** To be closed by the host, if it is one of this node's. */
  void dismissed(UUID id) {
    if (held.remove(id) != null) {
      if (!farewells.add(id)) {
        ensureRunning();
      }
    }
  }

  /** This node goes on as another instance, and nobody counts what the old one held. */
  void lost(UUID instance) {
    held.values().stream()
        .filter(each -> each.instance().equals(instance))
        .forEach(each -> dismissed(each.id()));
  }

  Subscription onDismissed(Consumer<UUID> listener) {
    return farewells.onDismissed(listener);
  }

  private void ensureRunning() {
    try {
      rounds.start();
    } catch (RejectedExecutionException e) {
      // Tried again with the next sign of life; until then what this node holds may expire.
      log.warn("No thread could be had for the heartbeat of live connections", e);
    }
  }

  void checkSoon() {
    rounds.soon();
  }

  void close() {
    rounds.close();
  }

  /** False when nothing is held and nobody left to be told. */
  private boolean round() {
    Map<String, List<HeldConnection>> byTenant =
        held.values().stream()
            .collect(Collectors.groupingBy(each -> Objects.requireNonNullElse(each.tenant(), "")));
    byTenant.forEach(this::round);
    shortest =
        held.values().stream()
            .map(HeldConnection::timeToLive)
            .min(Duration::compareTo)
            .orElse(LONGEST);
    boolean waiting = farewells.again();
    return waiting || !held.isEmpty();
  }

  private void round(String tenant, List<HeldConnection> all) {
    // Before the question: what is committed after it is not over because it was not found.
    List<HeldConnection> settled = all.stream().filter(HeldConnection::isSettled).toList();
    List<HeldConnection> seen = all.stream().filter(HeldConnection::wasSeen).toList();
    seen.forEach(HeldConnection::tellingThatSeen);
    TxOptions options = TxOptions.defaults();
    try {
      Set<UUID> living =
          beat.beat(
              tenant.isEmpty() ? options.withAllTenants() : options.withTenant(tenant), all, seen);
      all.stream().filter(each -> living.contains(each.id())).forEach(HeldConnection::committed);
      seen.stream().filter(each -> !living.contains(each.id())).forEach(HeldConnection::seen);
      settled.stream()
          .map(HeldConnection::id)
          .filter(id -> !living.contains(id))
          .forEach(this::dismissed);
    } catch (Throwable e) {
      seen.forEach(HeldConnection::seen);
      log.debug("The heartbeat of live connections failed and is repeated", e);
    }
  }

  /** A quarter of the shortest time to live, so that three heartbeats may fail. */
  private Duration pause() {
    return shortest.dividedBy(4);
  }
}
