package dev.plinth.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
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
   * @throws IllegalArgumentException when there is an upcaster for a kind without a handler
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
            new NodeCaps(queueCaps, typeCaps)),
        retention);
  }
}
