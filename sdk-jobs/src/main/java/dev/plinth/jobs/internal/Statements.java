package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Schema;
import dev.plinth.jobs.Fault;
import dev.plinth.jobs.JobStatistics;
import dev.plinth.jobs.Repair;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Every statement of the module, rendered once for a Plinth's schema. */
public final class Statements {
  private final Hints hints;
  private final GateHints gateHints;
  private final Gatekeep gatekeep;
  private final ProgressRows progressRows;
  private final Complete complete;
  private final Fail fail;
  private final Release release;
  private final Claimers claimers;
  private final Rescue rescue;
  private final Promote promote;
  private final KnownUser knownUser;
  private final Enqueue enqueue;
  private final Fold fold;
  private final Batches batches;
  private final ReadBatches readBatches;
  private final Retry retry;
  private final ReadJobs read;
  private final Invariants invariants;
  private final FoldStatistics foldStatistics;
  private final ReadStatistics readStatistics;
  private final Explain explain;
  private final Repairs repairs;
  private final GraphRows graph;
  private final Unblock unblock;
  private final Settle settle;
  private final Links links;
  private final StepRows steps;
  private final ScheduleStatements schedules;
  private final Control control;

  /** Renders them. */
  public Statements(Plinth plinth) {
    this(plinth, Set.of());
  }

  /** Renders them; jobs of these types are announced when they are enqueued and complete. */
  public Statements(Plinth plinth, Set<String> auditedTypes) {
    Audited audited = new Audited(auditedTypes, plinth.events());
    Schema schema = plinth.schema();
    this.hints = new Hints(plinth);
    this.gateHints = new GateHints(plinth);
    this.gatekeep = new Gatekeep(schema, hints);
    this.progressRows = new ProgressRows(schema);
    this.complete = new Complete(schema, progressRows);
    this.fail = new Fail(schema, progressRows, plinth.events());
    this.release = new Release(schema);
    this.claimers = new Claimers(schema);
    DeadlineRows deadlineRows = new DeadlineRows(schema);
    this.rescue =
        new Rescue(schema, plinth.instances(), claimers, deadlineRows, gateHints, plinth.events());
    this.promote = new Promote(schema, gateHints);
    this.knownUser = new KnownUser(schema);
    this.enqueue = new Enqueue(schema, plinth.ids(), gateHints, audited);
    EndBatches ends = new EndBatches(schema, enqueue, plinth.json(), plinth.events(), hints);
    this.fold = new Fold(schema, ends);
    this.batches = new Batches(schema);
    this.readBatches = new ReadBatches(schema);
    this.retry = new Retry(schema, gateHints);
    this.read = new ReadJobs(schema);
    this.invariants = new Invariants(schema, List.of(GraphInvariants.queries(schema)));
    this.foldStatistics = new FoldStatistics(schema);
    this.readStatistics = new ReadStatistics(plinth);
    this.explain = new Explain(schema, new ParkedReason(schema));
    this.graph = new GraphRows(schema);
    UniqueKeys uniqueKeys = new UniqueKeys(schema, plinth.ids());
    CancelledWaiting following =
        new CancelledWaiting(uniqueKeys, deadlineRows, plinth.events(), hints, gateHints);
    this.settle = new Settle(schema, hints, gateHints, following);
    this.repairs = new Repairs(plinth, ends, settle, gateHints);
    this.unblock = new Unblock(schema, settle);
    this.links = new Links(graph, unblock, hints);
    this.steps = new StepRows(schema);
    this.control =
        new Control(
            plinth, progressRows, uniqueKeys, deadlineRows, following, hints, gateHints, audited);
    this.schedules = new ScheduleStatements(plinth, knownUser, enqueue, hints);
  }

  Endings endings(
      Plinth plinth,
      Strays strays,
      Runnable batchesTouched,
      Runnable ended,
      Runnable limitedEnded) {
    return new Endings(
        plinth, complete, fail, release, control, strays, batchesTouched, ended, limitedEnded);
  }

  Strays strays(Plinth plinth, UUID claimer) {
    return new Strays(plinth, claimer, release);
  }

  SweepEdges sweepEdges(Plinth plinth) {
    return new SweepEdges(plinth.schema(), settle, unblock);
  }

  GraphRows graph() {
    return graph;
  }

  Unblock unblock() {
    return unblock;
  }

  Links links() {
    return links;
  }

  StepRows steps() {
    return steps;
  }

  Hints hints() {
    return hints;
  }

  GateHints gateHints() {
    return gateHints;
  }

  Gatekeep gatekeep() {
    return gatekeep;
  }

  ProgressRows progressRows() {
    return progressRows;
  }

  Complete complete() {
    return complete;
  }

  Claimers claimers() {
    return claimers;
  }

  Rescue rescue() {
    return rescue;
  }

  Promote promote() {
    return promote;
  }

  KnownUser knownUser() {
    return knownUser;
  }

  SharedEnqueue sharedEnqueue(Plinth plinth) {
    return new SharedEnqueue(plinth, knownUser, enqueue, hints);
  }

  Enqueue enqueue() {
    return enqueue;
  }

  Fold fold() {
    return fold;
  }

  Batches batches() {
    return batches;
  }

  ReadBatches readBatches() {
    return readBatches;
  }

  Retry retry() {
    return retry;
  }

  ReadJobs read() {
    return read;
  }

  Control control() {
    return control;
  }

  Invariants invariants() {
    return invariants;
  }

  FoldStatistics foldStatistics() {
    return foldStatistics;
  }

  /** Reads statistics, at most about once a second. */
  public JobStatistics statistics() {
    return readStatistics.read();
  }

  Explain explain() {
    return explain;
  }

  /** Mends what is mended safely. */
  public List<Repair> repair(List<Fault> faults) {
    return repairs.run(faults);
  }

  Repairs repairs() {
    return repairs;
  }

  ScheduleStatements schedules() {
    return schedules;
  }
}
