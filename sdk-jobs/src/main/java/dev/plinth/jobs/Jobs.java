package dev.plinth.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.internal.Dispatcher;
import dev.plinth.jobs.internal.DispatcherSettings;
import dev.plinth.jobs.internal.Handlers;
import dev.plinth.jobs.internal.Retain;
import dev.plinth.jobs.internal.Statements;
import dev.plinth.jobs.internal.TxJobQueue;
import dev.plinth.jobs.internal.TxLimits;
import dev.plinth.jobs.internal.TxQueues;
import dev.plinth.jobs.internal.Watches;
import dev.plinth.jobs.internal.node.NodeRepository;
import dev.plinth.jobs.node.Nodes;
import dev.plinth.jobs.schedule.Schedules;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Durable jobs of one Plinth: enqueues and inspects them, and, once started, runs those that it has
 * handlers for.
 *
 * <pre>{@code
 * static final JobType<RenderArgs> RENDER = JobType.of("render", RenderArgs.class);
 *
 * Jobs jobs = Jobs.builder(plinth).handle(RENDER, (args, run) -> render(args)).workers(16).build();
 * jobs.start();
 *
 * plinth.transact(tx -> {
 *   orders.insert(tx.connection(), order);
 *   jobs.in(tx).enqueue(RENDER, new RenderArgs(order.id()));
 * });
 * }</pre>
 *
 * <p>A job runs at least once after the transaction that enqueued it has committed, on one of the
 * nodes that have a handler for it, never on two whose claims both hold. See {@link JobRun} for
 * what a handler can do to have its effects exactly once.
 *
 * <p>Safe for use by many threads. Close it before its Plinth.
 */
public final class Jobs implements JobQueue, AutoCloseable {
  private static final Duration RETAIN_EVERY = Duration.ofHours(6);

  private enum State {
    NEW,
    STARTED,
    MANUAL,
    CLOSED
  }

  private final Plinth plinth;
  private final Handlers handlers;
  private final DispatcherSettings settings;
  private final Statements statements;
  private final JobQueue standalone;
  private final @Nullable Retention retention;
  private @Nullable Subscription retaining;
  private final Nodes nodes;
  private final Watches watches;
  private State state = State.NEW;
  private @Nullable Dispatcher dispatcher;
  private @Nullable ManualRunner manual;

  Jobs(
      Plinth plinth,
      Handlers handlers,
      DispatcherSettings settings,
      Set<String> auditedTypes,
      @Nullable Retention retention) {
    this.plinth = plinth;
    this.handlers = handlers;
    this.settings = settings;
    this.retention = retention;
    this.statements = new Statements(plinth, auditedTypes);
    this.standalone = TxJobQueue.standalone(plinth, statements);
    this.nodes = NodeRepository.standalone(plinth);
    this.watches = new Watches(plinth, statements);
  }

  /** Begins one that runs jobs. */
  public static JobsBuilder builder(Plinth plinth) {
    return new JobsBuilder(plinth);
  }

  /** One that only enqueues and inspects. */
  public static Jobs create(Plinth plinth) {
    return builder(plinth).build();
  }

  /** The limits that hold across all nodes. */
  public Limits limits() {
    return TxLimits.standalone(plinth, statements);
  }

  /** Pauses queues and lets them go on. */
  public Queues queues() {
    return TxQueues.standalone(plinth, statements);
  }

  /** The same, working in a transaction at hand. Cheap. */
  public JobQueue in(Tx tx) {
    return TxJobQueue.of(plinth, statements, Args.notNull(tx, "tx"));
  }

  /** The registered nodes, in the thread's current transaction or a short one for each call. */
  public Nodes nodes() {
    return nodes;
  }

  /**
   * Starts Plinth if need be, and begins to claim and run jobs on its executor. Does nothing the
   * second time.
   *
   * @throws IllegalStateException when there are no handlers, after {@link #close()}, and when its
   *     jobs are run manually
   */
  public synchronized void start() {
    requireRunnable();
    if (state == State.MANUAL) {
      throw new IllegalStateException("These jobs are run manually: build another Jobs to start");
    }
    if (state == State.STARTED) {
      return;
    }
    plinth.start();
    Dispatcher starting = new Dispatcher(plinth, settings, statements, handlers);
    starting.start();
    dispatcher = starting;
    Retention kept = retention;
    if (kept != null) {
      Retain retain = new Retain(plinth);
      retaining =
          plinth.maintenance().register("jobs.retention", RETAIN_EVERY, () -> retain.run(kept));
    }
    state = State.STARTED;
  }

  /**
   * Starts Plinth if need be, and gives what runs jobs on the calling thread, one when asked for
   * one. The same each time, until {@link #close()}.
   *
   * @throws IllegalStateException when there are no handlers, after {@link #close()}, and when it
   *     was started
   */
  public synchronized ManualRunner runManually() {
    requireRunnable();
    if (state == State.STARTED) {
      throw new IllegalStateException("These jobs are started: build another Jobs to run manually");
    }
    if (manual == null) {
      plinth.start();
      Dispatcher byHand = new Dispatcher(plinth, settings, statements, handlers);
      manual = new ManualRunner(plinth, byHand);
      dispatcher = byHand;
      state = State.MANUAL;
    }
    return manual;
  }

  private void requireRunnable() {
    if (state == State.CLOSED) {
      throw new IllegalStateException("Jobs is closed: build a new one");
    }
    if (handlers.isEmpty()) {
      throw new IllegalStateException(
          "There are no handlers: add some with Jobs.builder(plinth).handle(…)");
    }
  }

  /**
   * Claims no more on this node, gives back at once what no handler has begun, and waits for those
   * that run, without interrupting any: for the time before a process is stopped, while it still
   * answers requests. Enqueueing, inspecting and this node's share of the chores go on. There is no
   * way back but {@link #close()} and a new {@code Jobs}. May be called again, to wait longer; to
   * stop claims on all nodes see {@link #queues()}.
   *
   * @param atMost how long to wait, zero or more
   * @return true when everything that ran here has ended and is written, and when this was not
   *     started
   * @throws InterruptedException when the waiting thread is interrupted; no more is claimed all the
   *     same
   */
  public boolean drain(Duration atMost) throws InterruptedException {
    Args.check(
        !Args.notNull(atMost, "atMost").isNegative(), "atMost must be zero or more: " + atMost);
    Dispatcher running;
    synchronized (this) {
      running = state == State.STARTED ? dispatcher : null;
    }
    return running == null || running.drain(atMost);
  }

  /**
   * Stops in good order: claims no more, lets running handlers finish within the grace period, then
   * interrupts the rest and gives their jobs back at once, to run elsewhere. Blocks for as long.
   * Does nothing the second time. Enqueueing and inspecting go on working.
   */
  @Override
  public synchronized void close() {
    if (retaining != null) {
      retaining.close();
      retaining = null;
    }
    if (dispatcher != null) {
      dispatcher.close();
      dispatcher = null;
    }
    watches.close();
    state = State.CLOSED;
  }

  @Override
  public <A> List<JobId> enqueueAll(JobKind<A> kind, List<A> args, JobOptions options) {
    return standalone.enqueueAll(kind, args, options);
  }

  @Override
  public Map<String, JobId> enqueue(JobGraph graph) {
    return standalone.enqueue(graph);
  }

  @Override
  public <A> Enqueued enqueueOrFind(JobKind<A> kind, A args, JobOptions options) {
    return standalone.enqueueOrFind(kind, args, options);
  }

  @Override
  public NewBatch batch(String name) {
    return standalone.batch(name);
  }

  @Override
  public boolean seal(BatchId batch) {
    return standalone.seal(batch);
  }

  @Override
  public Optional<Batch> batch(BatchId id) {
    return standalone.batch(id);
  }

  @Override
  public List<Batch> batches(BatchFilter filter, BatchPage page) {
    return standalone.batches(filter, page);
  }

  @Override
  public Optional<Job> find(JobId id) {
    return standalone.find(id);
  }

  @Override
  public List<Attempt> attempts(JobId id) {
    return standalone.attempts(id);
  }

  @Override
  public List<JobStep> steps(JobId id) {
    return standalone.steps(id);
  }

  @Override
  public List<Dependency> waitsFor(JobId id) {
    return standalone.waitsFor(id);
  }

  @Override
  public List<Job> list(JobFilter filter, Page page) {
    return standalone.list(filter, page);
  }

  @Override
  public boolean retry(JobId id) {
    return standalone.retry(id);
  }

  @Override
  public Schedules schedules() {
    return standalone.schedules();
  }

  @Override
  public int retryAll(JobFilter filter, int max) {
    return standalone.retryAll(filter, max);
  }

  @Override
  public CancelResult cancel(JobId id, Cancellation cancellation) {
    return standalone.cancel(id, cancellation);
  }

  @Override
  public int cancelAll(JobFilter filter, int max, Cancellation cancellation) {
    return standalone.cancelAll(filter, max, cancellation);
  }

  /** As {@link #watch(JobId, Duration, JobWatcher)}, four times a second at most. */
  public JobWatch watch(JobId id, JobWatcher watcher) {
    return watch(id, Duration.ofMillis(250), watcher);
  }

  /**
   * Follows a job, of whichever tenant and wherever it runs: tells at once how it stands, then each
   * time its status or its progress is another, and a last time when it has ended, which ends the
   * watch. What comes in between two calls is left out. One thread of Plinth's executor asks for
   * all that is watched, four times a second and when it is told of changes, and holds no
   * connection meanwhile. A job that does not exist, or exists no more, ends it without a call.
   *
   * @param atMostEvery the least time between two calls but the last, from zero to an hour
   * @throws IllegalStateException after {@link #close()}
   */
  public JobWatch watch(JobId id, Duration atMostEvery, JobWatcher watcher) {
    Args.notNull(id, "id");
    Args.notNull(atMostEvery, "atMostEvery");
    Args.check(
        !atMostEvery.isNegative() && atMostEvery.compareTo(Duration.ofHours(1)) <= 0,
        "atMostEvery must be from zero to an hour, but is " + atMostEvery);
    return watches.watch(id, atMostEvery, Args.notNull(watcher, "watcher"));
  }

  @Override
  public List<Fault> check() {
    return standalone.check();
  }

  @Override
  public Optional<Explanation> explain(JobId id) {
    return standalone.explain(id);
  }

  /**
   * How it goes with all jobs, of every tenant, by queue, type and node. Costs the same however
   * many jobs there are; what is told may be a second old, or a little more on a database that is
   * slow to answer. Uses a connection of its own.
   */
  public JobStatistics statistics() {
    return statements.statistics();
  }

  /**
   * Mends faults that {@link #check()} has found, as far as that is safe: each in a transaction of
   * its own, which looks again under locks. Jobs go on running meanwhile.
   *
   * @return what became of each, in the same order
   */
  public List<Repair> repair(List<Fault> faults) {
    return statements.repair(List.copyOf(Args.notNull(faults, "faults")));
  }

  /** Checks, and mends what is found. */
  public List<Repair> repair() {
    return repair(check());
  }

  /**
   * Removes jobs that ended longer ago than this, now: whole partitions where that is possible, by
   * the row otherwise, in short transactions. Jobs that have not ended stay, whatever their age.
   * Blocks until it is done, or the thread is interrupted; what it leaves the next call takes.
   *
   * @param age from a job's end; at least an hour
   */
  public Pruned prune(Duration age) {
    return new Retain(plinth).run(Retention.keep(age).exactly());
  }
}
