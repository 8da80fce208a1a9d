package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How much of something may run, on all nodes together. Immutable; begin with what it is about:
 *
 * <pre>{@code
 * jobs.limits().set(Limit.queue("mail").maxRunning(10).rate(100, Duration.ofMinutes(1)).fair());
 * jobs.limits().set(Limit.type(RENDER).maxRunning(4));
 * jobs.limits().set(Limit.everyKey().maxRunning(1));
 * jobs.limits().remove(Limit.type(RENDER));
 * }</pre>
 *
 * <p>A job runs when every limit that counts it has room.
 *
 * @param scope what it is about
 * @param name the queue, type or key; empty where the scope needs none
 * @param maxRunning how many run at a time at most, from 0 to 1,000,000; or null
 * @param rate how many start in a time at most; or null. Queues only
 * @param fairShare how many jobs of one user may be ahead of another user's, from 1 to 1,000,000;
 *     or null where users do not take turns. Queues only
 */
public record Limit(
    Scope scope,
    String name,
    @Nullable Integer maxRunning,
    @Nullable Rate rate,
    @Nullable Integer fairShare) {
  /** The fair share where none is named. */
  public static final int FAIR_SHARE = 100;

  /** What a limit is about. */
  public enum Scope {
    /** All jobs. */
    GLOBAL,
    /** The jobs of a queue. */
    QUEUE,
    /** The jobs of a type, in whatever queue. */
    TYPE,
    /** The jobs with a limit key, of whatever type and queue. */
    KEY,
    /** The jobs of each limit key that has no limit of its own. */
    EVERY_KEY
  }

  /** Checks the arguments. */
  public Limit {
    Args.notNull(scope, "scope");
    switch (scope) {
      case GLOBAL, EVERY_KEY ->
          Args.check(Args.notNull(name, "name").isEmpty(), "name must be empty for " + scope);
      case QUEUE, TYPE -> Args.text(name, 100, "name");
      case KEY -> Args.text(name, 255, "name");
    }
    if (maxRunning != null) {
      Args.range(maxRunning, 0, 1_000_000, "maxRunning");
    }
    if (fairShare != null) {
      Args.range(fairShare, 1, 1_000_000, "fairShare");
    }
    Args.check(scope == Scope.QUEUE || rate == null, "rate must be of a queue");
    Args.check(scope == Scope.QUEUE || fairShare == null, "fairShare must be of a queue");
  }

  /**
   * How many jobs may start in a time, as a token bucket: in any stretch as long as the period at
   * most {@code count + burst} of them start.
   *
   * @param count how many in each period on average, from 1 to 1,000,000
   * @param period from a millisecond to a year
   * @param burst how many starts may be saved up while there are fewer jobs, from 1 to 1,000,000
   */
  public record Rate(int count, Duration period, int burst) {
    private static final Duration YEAR = Duration.ofDays(366);

    /** Checks the arguments. */
    public Rate {
      Args.range(count, 1, 1_000_000, "count");
      Args.positive(period, "period");
      Args.check(period.compareTo(YEAR) <= 0, "period must be at most a year");
      Args.check(period.toMillis() >= 1, "period must be at least a millisecond");
      Args.range(burst, 1, 1_000_000, "burst");
    }

    /** With a burst of what a tenth of a second brings, and at least one. */
    public static Rate of(int count, Duration period) {
      Args.range(count, 1, 1_000_000, "count");
      Args.positive(period, "period");
      double tenth = count * 0.1 / (period.toNanos() / 1e9);
      return new Rate(count, period, (int) Math.max(1, Math.min(count, Math.ceil(tenth))));
    }
  }

  private static Limit on(Scope scope, String name) {
    return new Limit(scope, name, null, null, null);
  }

  /** On all jobs together. */
  public static Limit global() {
    return on(Scope.GLOBAL, "");
  }

  /** On the jobs of a queue. */
  public static Limit queue(String queue) {
    return on(Scope.QUEUE, queue);
  }

  /** On the jobs of a kind, in all queues. */
  public static Limit type(JobKind<?> kind) {
    return on(Scope.TYPE, Args.notNull(kind, "kind").name());
  }

  /** On the jobs that were enqueued with {@link JobOptions#limitKey(String)} and this key. */
  public static Limit key(String key) {
    return on(Scope.KEY, key);
  }

  /** On the jobs of each key, every key by itself, unless a key has a limit of its own. */
  public static Limit everyKey() {
    return on(Scope.EVERY_KEY, "");
  }

  /** The same with a greatest number of jobs running at a time; with 0, none begins. */
  public Limit maxRunning(int maxRunning) {
    return new Limit(scope, name, maxRunning, rate, fairShare);
  }

  /** The same with so many starts in each period, and a small burst. Queues only. */
  public Limit rate(int count, Duration period) {
    return rate(Rate.of(count, period));
  }

  /** The same with a rate. Queues only. */
  public Limit rate(Rate rate) {
    return new Limit(scope, name, maxRunning, Args.notNull(rate, "rate"), fairShare);
  }

  /** The same, users taking turns, with a share of {@value #FAIR_SHARE}. Queues only. */
  public Limit fair() {
    return fair(FAIR_SHARE);
  }

  /**
   * The same, users taking turns. Queues only.
   *
   * @param share how many jobs of one user may be running or about to; the smaller, the sooner
   *     another user's job has its turn, and at least as many as one user needs to keep the workers
   *     of all nodes busy
   */
  public Limit fair(int share) {
    return new Limit(scope, name, maxRunning, rate, share);
  }
}
