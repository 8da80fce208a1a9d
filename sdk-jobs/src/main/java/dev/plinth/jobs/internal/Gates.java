package dev.plinth.jobs.internal;

import dev.plinth.jobs.Limit;
import dev.plinth.jobs.Limit.Scope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The limits, and how much of each is taken: what decides whether a job may be let through. Counts
 * only go up while the gatekeeper has its lock, so a room that is seen here is there. Used by one
 * thread.
 */
final class Gates {
  private final Map<Thing, Limit> limits = new HashMap<>();
  private final Map<Thing, Integer> taken = new HashMap<>();
  private final Map<Share, Integer> shares = new HashMap<>();
  private final Map<String, Integer> unclaimed = new HashMap<>();
  private final Map<String, Integer> tokens = new HashMap<>();

  /** Jobs of a line, priority aside, that run or were let through. */
  record Count(String queue, UUID user, String type, String key, int ready, int leased) {
    int all() {
      return ready + leased;
    }
  }

  /** A limit without room: its greatest number, or else a user's share of a fair queue. */
  record Gate(Limit limit, int running, int most, boolean isShare) {}

  private record Thing(Scope scope, String name) {}

  private record Share(String queue, UUID user) {}

  Gates(List<Limit> limits, List<Count> counts) {
    limits.forEach(limit -> this.limits.put(new Thing(limit.scope(), limit.name()), limit));
    counts.forEach(this::count);
  }

  private void count(Count c) {
    things(c.queue(), c.type(), c.key())
        .forEach(thing -> taken.merge(thing, c.all(), Integer::sum));
    shares.merge(new Share(c.queue(), c.user()), c.all(), Integer::sum);
    unclaimed.merge(c.queue(), c.ready(), Integer::sum);
  }

  /** What counts a job, whether there is a limit on it or not. */
  private List<Thing> things(String queue, String type, String key) {
    List<Thing> things = new ArrayList<>(4);
    things.add(new Thing(Scope.GLOBAL, ""));
    things.add(new Thing(Scope.QUEUE, queue));
    things.add(new Thing(Scope.TYPE, type));
    if (!key.isEmpty()) {
      things.add(new Thing(Scope.KEY, key));
    }
    return things;
  }

  private @Nullable Limit limit(Thing thing) {
    Limit limit = limits.get(thing);
    return limit == null && thing.scope() == Scope.KEY
        ? limits.get(new Thing(Scope.EVERY_KEY, ""))
        : limit;
  }

  private int taken(Thing thing) {
    return taken.getOrDefault(thing, 0);
  }

  private int room(Thing thing) {
    Limit limit = limit(thing);
    return limit == null || limit.maxRunning() == null
        ? Integer.MAX_VALUE
        : limit.maxRunning() - taken(thing);
  }

  /** How many jobs may be let through into a queue, whatever they are. */
  int roomIn(String queue) {
    return Math.max(
        0,
        Math.min(
            tokens.getOrDefault(queue, Integer.MAX_VALUE),
            Math.min(room(new Thing(Scope.GLOBAL, "")), room(new Thing(Scope.QUEUE, queue)))));
  }

  /** How many jobs of a line may be let through. */
  int room(Line line) {
    int room = roomIn(line.queue());
    for (Thing thing : things(line.queue(), line.type(), line.key())) {
      room = Math.min(room, room(thing));
    }
    Integer share = share(line.queue());
    if (share != null) {
      room = Math.min(room, share - ofUser(line.queue(), line.user()));
    }
    return Math.max(0, room);
  }

  /** A job of the line is let through. */
  void take(Line line) {
    count(new Count(line.queue(), line.user(), line.type(), line.key(), 1, 0));
    tokens.computeIfPresent(line.queue(), (queue, left) -> left - 1);
  }

  /** The first limit that keeps the jobs of a line waiting. */
  Optional<Gate> closed(Line line) {
    for (Thing thing : things(line.queue(), line.type(), line.key())) {
      Limit limit = limit(thing);
      if (limit != null && room(thing) <= 0 && limit.maxRunning() != null) {
        return Optional.of(new Gate(limit, taken(thing), limit.maxRunning(), false));
      }
    }
    Limit queue = limits.get(new Thing(Scope.QUEUE, line.queue()));
    if (queue != null && queue.fairShare() != null) {
      int running = ofUser(line.queue(), line.user());
      if (running >= queue.fairShare()) {
        return Optional.of(new Gate(queue, running, queue.fairShare(), true));
      }
    }
    return Optional.empty();
  }

  private int ofUser(String queue, UUID user) {
    return shares.getOrDefault(new Share(queue, user), 0);
  }

  /** The share of each user in a queue; null where users do not take turns. */
  @Nullable Integer share(String queue) {
    Limit limit = limits.get(new Thing(Scope.QUEUE, queue));
    return limit == null ? null : limit.fairShare();
  }

  Limit.@Nullable Rate rate(String queue) {
    Limit limit = limits.get(new Thing(Scope.QUEUE, queue));
    return limit == null ? null : limit.rate();
  }

  /** Jobs of a queue that were let through and not claimed. */
  int unclaimed(String queue) {
    return unclaimed.getOrDefault(queue, 0);
  }

  /** No more than this many jobs of the queue may be let through now. */
  void allow(String queue, int starts) {
    tokens.put(queue, starts);
  }

  /** Types whose own limit has no room. */
  Set<String> fullTypes() {
    Set<String> full = new HashSet<>();
    limits.forEach(
        (thing, limit) -> {
          if (thing.scope() == Scope.TYPE && room(thing) <= 0) {
            full.add(thing.name());
          }
        });
    return full;
  }

  /** Keys whose limit has no room. */
  Set<String> fullKeys() {
    Set<String> full = new HashSet<>();
    limits.keySet().stream()
        .filter(thing -> thing.scope() == Scope.KEY && room(thing) <= 0)
        .forEach(thing -> full.add(thing.name()));
    taken.keySet().stream()
        .filter(thing -> thing.scope() == Scope.KEY && room(thing) <= 0)
        .forEach(thing -> full.add(thing.name()));
    return full;
  }

  /** Users who have their share of a queue. */
  Set<UUID> fullUsers(String queue) {
    Integer share = share(queue);
    Set<UUID> full = new HashSet<>();
    if (share != null) {
      shares.forEach(
          (of, count) -> {
            if (of.queue().equals(queue) && count >= share) {
              full.add(of.user());
            }
          });
    }
    return full;
  }

  /** True when more is taken than the limit allows, since it was lowered or set late. */
  boolean isOver(Limit limit) {
    boolean over =
        taken.keySet().stream().anyMatch(thing -> limit.equals(limit(thing)) && room(thing) < 0);
    Integer share = limit.fairShare();
    return over
        || (share != null
            && shares.entrySet().stream()
                .anyMatch(of -> of.getKey().queue().equals(limit.name()) && of.getValue() > share));
  }
}
