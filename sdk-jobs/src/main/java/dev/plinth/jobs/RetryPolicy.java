package dev.plinth.jobs;

import dev.plinth.core.spi.Args;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;

/**
 * When a failed attempt is followed by another: exponential backoff with full jitter, so that after
 * the n-th attempt the delay is drawn evenly from zero to {@code min(maxDelay, firstDelay × 2ⁿ⁻¹)}.
 * Immutable.
 *
 * @param maxAttempts attempts in all, after which the job is failed; written with the job when it
 *     is enqueued
 * @param firstDelay the bound after the first attempt
 * @param maxDelay the bound that is never exceeded
 * @param retryable false for what another attempt would not mend: the job is failed at once
 */
public record RetryPolicy(
    int maxAttempts, Duration firstDelay, Duration maxDelay, Predicate<Throwable> retryable) {
  private static final RetryPolicy DEFAULTS =
      new RetryPolicy(10, Duration.ofSeconds(2), Duration.ofMinutes(15), failure -> true);

  /** Checks the arguments. */
  public RetryPolicy {
    Args.range(maxAttempts, 1, 1_000_000, "maxAttempts");
    Args.positive(firstDelay, "firstDelay");
    Args.positive(maxDelay, "maxDelay");
    Args.check(maxDelay.compareTo(Duration.ofDays(365)) <= 0, "maxDelay must be at most 365 days");
    Args.check(firstDelay.compareTo(maxDelay) <= 0, "firstDelay must not exceed maxDelay");
    Args.notNull(retryable, "retryable");
  }

  /** Ten attempts, two seconds to fifteen minutes, everything retryable. */
  public static RetryPolicy defaults() {
    return DEFAULTS;
  }

  /** One attempt only. */
  public static RetryPolicy never() {
    return DEFAULTS.withMaxAttempts(1);
  }

  /** The same with another number of attempts. */
  public RetryPolicy withMaxAttempts(int maxAttempts) {
    return new RetryPolicy(maxAttempts, firstDelay, maxDelay, retryable);
  }

  /** The same with other delays. */
  public RetryPolicy withDelays(Duration firstDelay, Duration maxDelay) {
    return new RetryPolicy(maxAttempts, firstDelay, maxDelay, retryable);
  }

  /** The same with another judgement of what is worth another attempt. */
  public RetryPolicy withRetryable(Predicate<Throwable> retryable) {
    return new RetryPolicy(maxAttempts, firstDelay, maxDelay, retryable);
  }

  /** The longest delay after the n-th attempt, n from 1 on. */
  public Duration maxDelayAfter(int attempt) {
    Args.range(attempt, 1, Integer.MAX_VALUE, "attempt");
    double bound = firstDelay.toNanos() * Math.pow(2, attempt - 1.0);
    return bound >= maxDelay.toNanos() ? maxDelay : Duration.ofNanos((long) bound);
  }

  /** A delay after the n-th attempt, n from 1 on, drawn anew at every call. */
  public Duration delayAfter(int attempt) {
    return Duration.ofNanos(
        ThreadLocalRandom.current().nextLong(maxDelayAfter(attempt).toNanos() + 1));
  }
}
