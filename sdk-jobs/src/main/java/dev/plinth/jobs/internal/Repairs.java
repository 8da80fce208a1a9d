package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Fault;
import dev.plinth.jobs.Repair;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Mends faults, each in a transaction of its own; what one fails at keeps no other from it. */
final class Repairs {
  private static final Logger log = LoggerFactory.getLogger(Repairs.class);

  /** What is left to somebody who knows more, and what that one should know. */
  private static final Map<String, String> LEFT =
      Map.of(
          "ended-once",
          "What was recorded of attempts is not rewritten: compare it with what the job has done",
          "within-limits",
          "No job that runs is stopped for a limit: it is kept again when enough of them have ended",
          "schedule-goes-on",
          "When it should run next is not known: pause the schedule and resume it",
          "schedule-last-job",
          "Which job was its last is not known: it is right again after the next run",
          "due-times-once",
          "A job that was enqueued twice may have run: cancel the one that has not",
          "node-status-logged",
          "The log of nodes is not rewritten: set the node's status anew, and both say the same",
          "node-lifecycle-chain",
          "The log of nodes is not rewritten",
          "node-heartbeats-owned",
          "Heartbeats of a node that is gone go with their partition");

  private static final String UNKNOWN = "It cannot be mended without knowing what happened";

  private final Plinth plinth;
  private final Map<String, Mend> mends = new LinkedHashMap<>();

  Repairs(Plinth plinth, EndBatches ends, Settle settle, GateHints gateHints) {
    this.plinth = plinth;
    MendPlaces places = new MendPlaces(plinth.schema(), gateHints);
    MendBatches batches = new MendBatches(plinth.schema(), ends);
    mends.put("one-place", places::inOnePlace);
    mends.put("not-nowhere", places::somewhere);
    mends.put("epochs-ascend", places::epochsAscend);
    mends.put("counters-equal-rows", batches::recount);
    mends.put("batches-equal-rows", batches::recount);
    mends.put("batch-ends", batches::end);
    MendGraph graph = new MendGraph(plinth.schema(), settle);
    mends.put("edges-of-waiting", graph::orphans);
    mends.put("waits-for-something", graph::settled);
    MendControl control = new MendControl(plinth.schema());
    mends.put("unique-keys-freed", control::keyFreed);
    mends.put("unique-keys-marked", control::keyMarked);
    mends.put("cancel-requests-of-the-living", control::wishForgotten);
    mends.put("deadlines-looked-at", control::deadlineLookedAt);
    MendLimits limits = new MendLimits(plinth.schema(), gateHints);
    mends.put("groups-match", limits::recounted);
    mends.put("limited-are-counted", limits::recounted);
  }

  /** True when faults of that invariant are mended, or there is a reason why not. */
  boolean knows(String invariant) {
    return mends.containsKey(invariant) || LEFT.containsKey(invariant);
  }

  List<Repair> run(List<Fault> faults) {
    List<Repair> repairs = new ArrayList<>();
    for (Fault fault : faults) {
      Mend.Mended mended = mend(fault);
      repairs.add(new Repair(fault, mended.outcome(), mended.done()));
    }
    return List.copyOf(repairs);
  }

  private Mend.Mended mend(Fault fault) {
    Mend mend = mends.get(fault.invariant());
    if (mend == null) {
      return Mend.Mended.left(LEFT.getOrDefault(fault.invariant(), UNKNOWN));
    }
    try {
      UUID subject = UUID.fromString(fault.subject());
      Mend.Mended mended =
          plinth.transactSeparately(
              TxOptions.defaults()
                  .withIsolation(TxOptions.Isolation.READ_COMMITTED)
                  .withAllTenants(),
              tx -> mend.run(tx, subject));
      log.info(
          "Repair of {} {}: {} ({})",
          fault.invariant(),
          fault.subject(),
          mended.outcome(),
          mended.done());
      return mended;
    } catch (RuntimeException e) {
      log.warn("Repair of {} {} failed", fault.invariant(), fault.subject(), e);
      return Mend.Mended.left("It could not be mended now: " + e.getMessage());
    }
  }
}
