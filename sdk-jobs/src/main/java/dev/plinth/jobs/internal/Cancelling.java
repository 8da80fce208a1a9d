package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.CancelResult;
import dev.plinth.jobs.Cancellation;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Cancels jobs wherever they stand: those that wait at once, those that run by leaving a wish. */
final class Cancelling {
  static final String TOPIC = "jobs.cancel";
  private static final int MOST_ROUNDS = 100;

  private final Plinth plinth;
  private final CancelWaiting waiting;
  private final CancelRequests requests;

  Cancelling(Plinth plinth, CancelWaiting waiting, CancelRequests requests) {
    this.plinth = plinth;
    this.waiting = waiting;
    this.requests = requests;
  }

  /** What became of each. */
  Map<UUID, CancelResult> run(Tx tx, Collection<UUID> jobs, Cancellation cancellation) {
    Map<UUID, CancelResult> results = new HashMap<>();
    jobs.forEach(job -> results.put(job, CancelResult.NOT_PENDING));
    Set<UUID> open = new HashSet<>(jobs);
    boolean requested = false;
    for (int round = 1; !open.isEmpty(); round++) {
      Set<UUID> cancelled = waiting.run(tx, open, cancellation);
      cancelled.forEach(job -> results.put(job, CancelResult.CANCELLED));
      open.removeAll(cancelled);
      // One that is on the move all the time is left to whoever sweeps up.
      Set<UUID> asked = requests.request(tx, open, cancellation, round == MOST_ROUNDS);
      asked.forEach(job -> results.put(job, CancelResult.REQUESTED));
      open.removeAll(asked);
      requested |= !asked.isEmpty();
      // What is neither waiting nor leased has ended, or was moved between the two looks.
      open = open.isEmpty() ? open : requests.pending(tx, open);
    }
    if (requested) {
      plinth.notifications().send(tx, TOPIC, "");
    }
    return results;
  }
}
