package dev.plinth.jobs.internal;

import dev.plinth.core.spi.Schema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Claims no more of a queue or type than may be at work on this node, so that nothing is claimed
 * only to wait here while another node could run it. A type with a cap is claimed by itself. Used
 * by one thread.
 */
final class NodeLimits {
  private static final long REST_NANOS = 250_000_000L;

  private final NodeCaps caps;
  private final Claim others;
  private final boolean hasOthers;
  private final Map<String, Claim> capped = new LinkedHashMap<>();
  private final Map<Place, Long> resting = new LinkedHashMap<>();

  private record Place(String queue, String type) {}

  /**
   * One claim to make.
   *
   * @param type the only type it is about, empty for all that have no cap
   */
  record Step(Claim claim, String queue, String type, int limit) {}

  NodeLimits(Schema schema, Map<String, Integer> handled, NodeCaps caps) {
    this.caps = caps;
    Map<String, Integer> rest = new LinkedHashMap<>(handled);
    caps.types()
        .keySet()
        .forEach(
            type -> {
              Integer version = rest.remove(type);
              if (version != null) {
                capped.put(type, new Claim(schema, Map.of(type, version)));
              }
            });
    this.others = new Claim(schema, rest);
    this.hasOthers = !rest.isEmpty();
  }

  /** How many of the queue's jobs may be claimed, where there is room for so many. */
  int room(String queue, int room, Supplier<List<Claimed>> held) {
    Integer cap = caps.queues().get(queue);
    return cap == null
        ? room
        : (int)
            Math.min(room, cap - held.get().stream().filter(j -> j.queue().equals(queue)).count());
  }

  /** The claims to make for a queue, given what this node holds. */
  List<Step> steps(String queue, Supplier<List<Claimed>> held) {
    List<Step> steps = new ArrayList<>();
    if (hasOthers) {
      steps.add(new Step(others, queue, "", Integer.MAX_VALUE));
    }
    capped.forEach(
        (type, claim) -> {
          long free =
              caps.types().getOrDefault(type, 0)
                  - held.get().stream().filter(j -> j.type().equals(type)).count();
          if (free > 0 && !rests(new Place(queue, type))) {
            steps.add(new Step(claim, queue, type, (int) free));
          }
        });
    return steps;
  }

  private boolean rests(Place place) {
    Long until = resting.get(place);
    return until != null && System.nanoTime() - until < 0;
  }

  /**
   * What came of a step. A type of which none was found behind a long line of others is not looked
   * for again at once.
   *
   * @param behindOthers whether others are waiting in the queue
   */
  void done(Step step, int claimed, boolean behindOthers) {
    if (!step.type().isEmpty()) {
      Place place = new Place(step.queue(), step.type());
      if (claimed == 0 && behindOthers) {
        resting.put(place, System.nanoTime() + REST_NANOS);
      } else {
        resting.remove(place);
      }
    }
  }
}
