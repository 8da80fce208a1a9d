package dev.plinth.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.internal.Dispatcher;
import dev.plinth.jobs.internal.DispatcherSettings;
import dev.plinth.jobs.internal.Handlers;
import dev.plinth.jobs.internal.Statements;
import dev.plinth.jobs.internal.TxJobQueue;
import dev.plinth.jobs.internal.Watches;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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
  private enum State {
    NEW,
    STARTED,
    CLOSED
  }

  private final Plinth plinth;
  private final Handlers handlers;
  private final DispatcherSettings settings;
  private final Statements statements;
  private final JobQueue standalone;
  private final Watches watches;
  private State state = State.NEW;
  private @Nullable Dispatcher dispatcher;

  Jobs(Plinth plinth, Handlers handlers, DispatcherSettings settings) {
    this.plinth = plinth;
    this.handlers = handlers;
    this.settings = settings;
    this.statements = new Statements(plinth);
    this.standalone = TxJobQueue.standalone(plinth, statements);
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

  /** The same, working in a transaction at hand. Cheap. */
  public JobQueue in(Tx tx) {
    return TxJobQueue.of(plinth, statements, Args.notNull(tx, "tx"));
  }

  /**
   * Starts Plinth if need be, and begins to claim and run jobs on its executor. Does nothing the
   * second time.
   *
   * @throws IllegalStateException when there are no handlers, or after {@link #close()}
   */
  public synchronized void start() {
    if (state == State.CLOSED) {
      throw new IllegalStateException("Jobs is closed: build a new one");
    }
    if (handlers.isEmpty()) {
      throw new IllegalStateException(
          "There are no handlers: add some with Jobs.builder(plinth).handle(…)");
    }
    if (state == State.STARTED) {
      return;
    }
    plinth.start();
    Dispatcher starting = new Dispatcher(plinth, settings, statements, handlers);
    starting.start();
    dispatcher = starting;
    state = State.STARTED;
  }

  /**
   * Stops in good order: claims no more, lets running handlers finish within the grace period, then
   * interrupts the rest and gives their jobs back at once, to run elsewhere. Blocks for as long.
   * Does nothing the second time. Enqueueing and inspecting go on working.
   */
  @Override
  public synchronized void close() {
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
  public Optional<Job> find(JobId id) {
    return standalone.find(id);
  }

  @Override
  public List<Attempt> attempts(JobId id) {
    return standalone.attempts(id);
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
}
