package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.tx.Tx;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Which jobs somebody watches, on whichever node: only of these a change is told at once. Both ways
 * are hints; whoever watches also polls.
 */
final class Watched {
  /** How often an interest is told again. */
  static final long RENEWED_NANOS = 5_000_000_000L;

  private static final String INTEREST = "jobs.watched";
  private static final String CHANGED = "jobs.changed";
  private static final long KEPT_NANOS = 3 * RENEWED_NANOS;
  private static final int IN_ONE_MESSAGE = 150;

  private final Plinth plinth;
  private final Map<String, Long> until = new ConcurrentHashMap<>();

  Watched(Plinth plinth) {
    this.plinth = plinth;
  }

  /** Listens to what is watched; for a node that runs jobs. */
  Subscription listen() {
    return plinth.notifications().subscribe(INTEREST, this::heard);
  }

  private void heard(String payload) {
    long now = System.nanoTime();
    until.values().removeIf(end -> end - now < 0);
    for (String job : payload.split(",", -1)) {
      if (!job.isEmpty()) {
        until.put(job, now + KEPT_NANOS);
      }
    }
  }

  /** Tells every node that these jobs are watched. */
  void announce(Tx tx, List<UUID> jobs) {
    for (int i = 0; i < jobs.size(); i += IN_ONE_MESSAGE) {
      List<UUID> some = jobs.subList(i, Math.min(i + IN_ONE_MESSAGE, jobs.size()));
      plinth
          .notifications()
          .send(tx, INTEREST, some.stream().map(UUID::toString).collect(Collectors.joining(",")));
    }
  }

  /** Tells whoever watches one of these jobs that it has changed, once this has committed. */
  void changed(Tx tx, Collection<UUID> jobs) {
    if (until.isEmpty()) {
      return;
    }
    for (UUID job : jobs) {
      if (until.containsKey(job.toString())) {
        plinth.notifications().send(tx, CHANGED, job.toString());
      }
    }
  }

  /** Hears of jobs that have changed. */
  Subscription onChange(Consumer<String> listener) {
    return plinth.notifications().subscribe(CHANGED, listener);
  }
}
