package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How a job is enqueued, where that differs from its kind's defaults. Immutable; start from {@link
 * #defaults()}.
 *
 * @param delay not before this time has passed, by the database's clock; or null
 * @param runAt not before this time, by the database's clock, from the year 2000 to 9999; or null.
 *     At most one of the two
 * @param priority higher runs sooner, from -100 to 100
 * @param user who owns it, a user's id; or null
 * @param queue the queue; null for the kind's own
 * @param maxAttempts attempts in all; null for the kind's own
 * @param parent the job it belongs under; or null
 * @param batch the batch it belongs to, which must be open; or null
 */
public record JobOptions(
    @Nullable Duration delay,
    @Nullable Instant runAt,
    int priority,
    @Nullable UUID user,
    @Nullable String queue,
    @Nullable Integer maxAttempts,
    @Nullable JobId parent,
    @Nullable BatchId batch) {
  private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("+10000-01-01T00:00:00Z");

  private static final JobOptions DEFAULTS =
      new JobOptions(null, null, 0, null, null, null, null, null);

  /** Checks the arguments. */
  public JobOptions {
    Args.check(delay == null || runAt == null, "delay must not be combined with runAt");
    if (delay != null) {
      Args.check(!delay.isNegative(), "delay must not be negative, but is " + delay);
      Args.check(
          delay.compareTo(Duration.ofDays(36_525)) <= 0, "delay must be at most a hundred years");
    }
    if (runAt != null) {
      Args.check(
          !runAt.isBefore(EARLIEST) && runAt.isBefore(LATEST),
          "runAt must be from the year 2000 to 9999, but is " + runAt);
    }
    Args.range(priority, -100, 100, "priority");
    if (queue != null) {
      Args.text(queue, 100, "queue");
    }
    if (maxAttempts != null) {
      Args.range(maxAttempts, 1, 1_000_000, "maxAttempts");
    }
  }

  /** At once, priority 0, nobody's, no parent, no batch. */
  public static JobOptions defaults() {
    return DEFAULTS;
  }

  /** The same, not before this time has passed. */
  public JobOptions delay(Duration delay) {
    Args.notNull(delay, "delay");
    return new JobOptions(delay, runAt, priority, user, queue, maxAttempts, parent, batch);
  }

  /** The same, not before this time. */
  public JobOptions runAt(Instant runAt) {
    Args.notNull(runAt, "runAt");
    return new JobOptions(delay, runAt, priority, user, queue, maxAttempts, parent, batch);
  }

  /** The same with another priority; higher runs sooner. */
  public JobOptions priority(int priority) {
    return new JobOptions(delay, runAt, priority, user, queue, maxAttempts, parent, batch);
  }

  /** The same, owned by a user. */
  public JobOptions user(UUID user) {
    Args.notNull(user, "user");
    return new JobOptions(delay, runAt, priority, user, queue, maxAttempts, parent, batch);
  }

  /** The same in another queue. */
  public JobOptions queue(String queue) {
    Args.notNull(queue, "queue");
    return new JobOptions(delay, runAt, priority, user, queue, maxAttempts, parent, batch);
  }

  /** The same with another number of attempts. */
  public JobOptions maxAttempts(int maxAttempts) {
    return new JobOptions(delay, runAt, priority, user, queue, maxAttempts, parent, batch);
  }

  /** The same under a parent. */
  public JobOptions parent(JobId parent) {
    Args.notNull(parent, "parent");
    return new JobOptions(delay, runAt, priority, user, queue, maxAttempts, parent, batch);
  }

  /** The same in a batch. */
  public JobOptions batch(BatchId batch) {
    Args.notNull(batch, "batch");
    return new JobOptions(delay, runAt, priority, user, queue, maxAttempts, parent, batch);
  }
}
