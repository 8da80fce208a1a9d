package dev.plinth.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.internal.Dispatcher;
import dev.plinth.jobs.internal.DispatcherSettings;
import dev.plinth.jobs.internal.Handlers;
import dev.plinth.jobs.internal.Statements;
import dev.plinth.jobs.internal.TxJobQueue;
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
    MANUAL,
    CLOSED
  }

  private final Plinth plinth;
  private final Handlers handlers;
  private final DispatcherSettings settings;
  private final Statements statements;
  private final JobQueue standalone;
  private State state = State.NEW;
  private @Nullable Dispatcher dispatcher;
  private @Nullable ManualRunner manual;

  Jobs(Plinth plinth, Handlers handlers, DispatcherSettings settings) {
    this.plinth = plinth;
    this.handlers = handlers;
    this.settings = settings;
    this.statements = new Statements(plinth);
    this.standalone = TxJobQueue.standalone(plinth, statements);
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
    state = State.CLOSED;
  }

  @Override
  public <A> List<JobId> enqueueAll(JobKind<A> kind, List<A> args, JobOptions options) {
    return standalone.enqueueAll(kind, args, options);
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
  public List<Fault> check() {
    return standalone.check();
  }
}
