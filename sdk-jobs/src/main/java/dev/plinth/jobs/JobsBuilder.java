package dev.plinth.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.core.usage.UsageMeter;
import dev.plinth.jobs.internal.Charging;
import dev.plinth.jobs.internal.DispatcherSettings;
import dev.plinth.jobs.internal.Handlers;
import dev.plinth.jobs.internal.NodeCaps;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Collects handlers and how to run them. Not safe for use by many threads.
 *
 * <p>Defaults: 10 workers; the queues that the handled kinds go to; a poll every second at most,
 * which only matters when hints are lost; 30 seconds of grace.
 */
public final class JobsBuilder {
  private final Plinth plinth;
  private final Handlers handlers = new Handlers();
  private final Set<String> queues = new TreeSet<>();
  private final Map<String, Integer> queueCaps = new TreeMap<>();
  private final Map<String, Integer> typeCaps = new TreeMap<>();
  private final Charging charging = new Charging();
  private final Set<String> audited = new TreeSet<>();
  private int workers = 10;
  private Duration pollInterval = Duration.ofSeconds(1);
  private Duration gracePeriod = Duration.ofSeconds(30);
  private @Nullable Retention retention;

  JobsBuilder(Plinth plinth) {
    this.plinth = Args.notNull(plinth, "plinth");
  }

  /** Runs jobs of this kind here. */
  public <A> JobsBuilder handle(JobType<A> type, JobAction<A> action) {
    handlers.add(type, action);
    return this;
  }

  /** Runs jobs of this kind here and keeps their results. */
  public <A, R> JobsBuilder handle(ResultJobType<A, R> type, JobFunction<A, R> function) {
    handlers.add(type, function);
    return this;
  }

  /**
   * Brings the arguments of older jobs to the version that a handler reads: from this version to
   * the next, and from there by the next upcaster. A version without an upcaster is handed on as it
   * is.
   *
   * @param kind one that is handled here, in any order of the calls
   * @param from the older version, from 1 to one less than the kind's
   */
  public JobsBuilder upcast(JobKind<?> kind, int from, Upcaster upcaster) {
    handlers.upcast(kind, from, upcaster);
    return this;
  }

  /** How many handlers are at work at a time, from 1 to 10,000. They hold no connections. */
  public JobsBuilder workers(int workers) {
    this.workers = Args.range(workers, 1, 10_000, "workers");
    return this;
  }

  /** Claims from this queue; may be called again for more. */
  public JobsBuilder queue(String queue) {
    queues.add(Args.text(queue, 100, "queue"));
    return this;
  }

  /**
   * Claims from this queue; at most so many of its jobs are at work here at a time. For all nodes
   * together see {@link Limits}.
   *
   * @param maxRunningHere from 1 to 10,000
   */
  public JobsBuilder queue(String queue, int maxRunningHere) {
    queue(queue);
    queueCaps.put(queue, Args.range(maxRunningHere, 1, 10_000, "maxRunningHere"));
    return this;
  }

  /**
   * At most so many jobs of this kind are at work here at a time, whatever their queue. For all
   * nodes together see {@link Limits}.
   *
   * @param maxRunningHere from 1 to 10,000
   */
  public JobsBuilder perNode(JobKind<?> kind, int maxRunningHere) {
    typeCaps.put(
        Args.notNull(kind, "kind").name(), Args.range(maxRunningHere, 1, 10_000, "maxRunningHere"));
    return this;
  }

  /** How often to look for jobs without being told, from 10 milliseconds to an hour. */
  public JobsBuilder pollInterval(Duration pollInterval) {
    Args.positive(pollInterval, "pollInterval");
    Args.range(pollInterval.toMillis(), 10, 3_600_000, "pollInterval in milliseconds");
    this.pollInterval = pollInterval;
    return this;
  }

  /** How long {@link Jobs#close()} lets handlers finish; may be zero. */
  public JobsBuilder gracePeriod(Duration gracePeriod) {
    Args.check(
        !Args.notNull(gracePeriod, "gracePeriod").isNegative(),
        "gracePeriod must not be negative, but is " + gracePeriod);
    this.gracePeriod = gracePeriod;
    return this;
  }

  /**
   * Charges the users of this kind's jobs for the processor time of its handler's thread, in
   * seconds, exact to the microsecond: in every period while it runs, in a short transaction of its
   * own that first takes the fence, and the rest when the handler has ended, or in the transaction
   * of {@code completeIn}. On virtual threads, and where the JVM measures no processor time, it is
   * the time that passes. Other threads that a handler starts are not charged; neither are jobs
   * without a user.
   *
   * <p>A charge that is refused while the handler is at work interrupts it, like a timeout: the
   * attempt has failed with a {@link UsageRefusedException}, and is retried as the policy says. A
   * charge that is refused when the handler has ended changes nothing about its end. Whether there
   * is anything left is not asked before a job begins.
   *
   * <p>Nothing is charged twice, and a run whose claim is lost charges nothing more. Of an attempt
   * whose process dies, or whose claim ends before its handler does, what it used since the last
   * charge is lost: a period's worth, or more where the database could not be reached. The same
   * goes for the rest that cannot be written within about a second after the handler's end, which
   * the log tells, and for a charge whose commit has no known outcome.
   *
   * @param kind one that is handled here, in any order of the calls
   * @param meter who counts, such as {@code quotas.meter()}; called on threads of the executor
   * @param resource what it counts it as, such as {@code cpu_seconds}; at most 255 characters
   */
  public JobsBuilder charge(JobKind<?> kind, UsageMeter meter, String resource) {
    charging.add(kind, meter, resource);
    return this;
  }

  /**
   * How often handlers at work are charged, from 100 milliseconds to an hour; every two seconds
   * unless set.
   */
  public JobsBuilder chargeEvery(Duration period) {
    charging.every(period);
    return this;
  }

  /**
   * Announces the life of these kinds' jobs as events, each in the transaction that it tells of, so
   * that an audit log records it or it has not happened: {@link JobEnqueued} and {@link
   * JobCompleted}, beside {@link JobFailed} and {@link JobCancelled}, which are announced for all
   * jobs. It costs what the subscribers do, for each job; other kinds cost nothing. What counts is
   * the {@code Jobs} that enqueues or runs a job, so say the same on every node, also where these
   * kinds have no handler.
   */
  public JobsBuilder audited(JobKind<?>... kinds) {
    for (JobKind<?> kind : Args.notNull(kinds, "kinds")) {
      audited.add(Args.notNull(kind, "kinds").name());
    }
    return this;
  }

  /**
   * How long ended jobs are kept; without this, forever. Looked after every six hours by whichever
   * node of the cluster comes first; give it to one {@code Jobs} of a Plinth, and the same on every
   * node.
   */
  public JobsBuilder retention(Retention retention) {
    this.retention = Args.notNull(retention, "retention");
    return this;
  }

  /**
   * Makes it. Opens no connection and starts no thread.
   *
   * @throws IllegalArgumentException when there is an upcaster for a kind without a handler, or
   *     such a kind is to be charged
   */
  public Jobs build() {
    return new Jobs(
        plinth,
        handlers.copy(),
        new DispatcherSettings(
            workers,
            queues.isEmpty() ? handlers.queues() : Set.copyOf(queues),
            pollInterval,
            gracePeriod,
            new NodeCaps(queueCaps, typeCaps),
            charging.copy(handlers)),
        Set.copyOf(audited),
        retention);
  }
}
