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
  private final NodeCaps caps;
  private final Claim others;
  private final boolean hasOthers;
  private final Map<String, Claim> capped = new LinkedHashMap<>();

  /** One claim to make. */
  record Step(Claim claim, String queue, int limit) {}

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

  /**
   * The claims to make for a queue, given what this node holds. Those with a cap come first: they
   * take no more than that, and would otherwise find the queue's own cap used up by the others.
   */
  List<Step> steps(String queue, Supplier<List<Claimed>> held) {
    List<Step> steps = new ArrayList<>();
    capped.forEach(
        (type, claim) -> {
          long free =
              caps.types().getOrDefault(type, 0)
                  - held.get().stream().filter(j -> j.type().equals(type)).count();
          if (free > 0) {
            steps.add(new Step(claim, queue, (int) free));
          }
        });
    if (hasOthers) {
      steps.add(new Step(others, queue, Integer.MAX_VALUE));
    }
    return steps;
  }
}
