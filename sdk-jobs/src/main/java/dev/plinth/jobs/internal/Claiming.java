package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.TxOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Claims for one dispatcher: enters the instance among the claimers before its first claim, and
 * remembers for each queue, and each set of types that is claimed together, where its lanes begin.
 * Used by the dispatcher's thread, but for hints.
 */
final class Claiming {
  private final Plinth plinth;
  private final Claimers claimers;
  private final Strays strays;
  private final UUID claimer;
  private final Map<Place, LaneWatch> watches = new LinkedHashMap<>();
  private final CopyOnWriteArrayList<LaneWatch> hinted = new CopyOnWriteArrayList<>();
  private UUID registered = new UUID(0, 0);
  private @Nullable LaneWatch toBeLookedAt;

  private record Place(Claim claim, String queue) {}

  Claiming(Plinth plinth, Claimers claimers, Strays strays, UUID claimer) {
    this.plinth = plinth;
    this.claimers = claimers;
    this.strays = strays;
    this.claimer = claimer;
  }

  /** The queue, or any when empty, has got something. */
  void hinted(String queue) {
    hinted.stream()
        .filter(watch -> queue.isEmpty() || watch.lanes.queue().equals(queue))
        .forEach(watch -> watch.hinted.set(true));
  }

  /** Up to so many; what they are is known to the strays. */
  List<Claimed> claim(Claim claim, String queue, int room) {
    UUID instance = registered();
    LaneWatch watch = watch(claim, queue);
    // Taken before the claim, so that what is hinted at meanwhile is looked at again.
    boolean wasHinted = watch.hinted.getAndSet(false);
    List<Claimed> claimed = next(claim, watch, instance, room);
    if (watch.isToBeLookedAt(claimed.size(), room, wasHinted)) {
      if (claimed.isEmpty()) {
        look(watch);
        return next(claim, watch, instance, room);
      }
      toBeLookedAt = watch;
    }
    return claimed;
  }

  /** What is to be done after a claim once its jobs are in the hands of workers. */
  void claimed() {
    LaneWatch watch = toBeLookedAt;
    toBeLookedAt = null;
    if (watch != null) {
      look(watch);
    }
  }

  /** True when a queue is said to have got something, and no claim has been made since. */
  boolean isHinted() {
    return hinted.stream().anyMatch(watch -> watch.hinted.get());
  }

  /** The one job that is first in line, with every lane looked at. */
  List<Claimed> claimFirst(Claim claim, String queue) {
    UUID instance = registered();
    LaneWatch watch = watch(claim, queue);
    look(watch);
    return next(claim, watch, instance, 1);
  }

  private LaneWatch watch(Claim claim, String queue) {
    return watches.computeIfAbsent(
        new Place(claim, queue),
        place -> {
          LaneWatch watch = new LaneWatch(claim.lanes(queue));
          hinted.add(watch);
          return watch;
        });
  }

  /** This instance, which is among the claimers. */
  private UUID registered() {
    UUID instance = plinth.instances().id();
    if (!instance.equals(registered)) {
      plinth.transactSeparately(
          allTenants(),
          tx -> {
            claimers.register(tx, instance);
            return true;
          });
      registered = instance;
    }
    return instance;
  }

  private void look(LaneWatch watch) {
    plinth.transactSeparately(
        allTenants(),
        tx -> {
          watch.lanes.look(tx);
          return true;
        });
    watch.looked();
  }

  private List<Claimed> next(Claim claim, LaneWatch watch, UUID instance, int room) {
    try {
      List<Claimed> claimed = taken(claim, watch, instance, room);
      claimed.forEach(strays::know);
      return claimed;
    } catch (RuntimeException | Error e) {
      strays.suspect();
      throw e;
    }
  }

  private List<Claimed> taken(Claim claim, LaneWatch watch, UUID instance, int room) {
    try {
      return plinth.executeAlone(tx -> claim.next(tx, instance, claimer, watch.lanes, room));
    } catch (RuntimeException e) {
      if (!SqlStates.isRetryable(e)) {
        throw e;
      }
      return plinth.transactSeparately(
          allTenants(), tx -> claim.next(tx, instance, claimer, watch.lanes, room));
    }
  }

  private static TxOptions allTenants() {
    return TxOptions.defaults().withAllTenants();
  }
}
