package dev.plinth.core.password;

import dev.plinth.core.spi.Args;
import java.time.Duration;

/**
 * How passwords are hashed. Immutable; start from {@link #defaults()}.
 *
 * <p>Each hash that is being computed takes {@code memoryKib}, so hashing takes {@code
 * maxConcurrent} times that at most, whatever the number of people who log in.
 *
 * @param memoryKib Argon2id's memory in KiB, from 8 for each lane to 262,144 (256 MiB)
 * @param iterations Argon2id's passes over it, 1 to 50
 * @param parallelism Argon2id's lanes, 1 to 16
 * @param minLength the fewest characters of a new password, 1 to 100
 * @param maxConcurrent how many hashes are computed at a time, 1 to 1,000; others wait in the order
 *     in which they came
 * @param maxWait how long one waits for its turn, at most an hour
 */
public record PasswordOptions(
    int memoryKib,
    int iterations,
    int parallelism,
    int minLength,
    int maxConcurrent,
    Duration maxWait) {
  private static final Duration LONGEST_WAIT = Duration.ofHours(1);

  /** Checks the arguments. */
  public PasswordOptions {
    Args.positive(maxWait, "maxWait");
    Args.range(parallelism, 1, 16, "parallelism");
    Args.range(memoryKib, 8L * parallelism, 262_144, "memoryKib");
    Args.range(iterations, 1, 50, "iterations");
    Args.range(minLength, 1, 100, "minLength");
    Args.range(maxConcurrent, 1, 1_000, "maxConcurrent");
    Args.check(maxWait.compareTo(LONGEST_WAIT) <= 0, "maxWait must be at most an hour");
  }

  /**
   * The first choice of OWASP's Password Storage Cheat Sheet for Argon2id (19 MiB, two passes, one
   * lane); eight characters at least; one hash at a time for each processor; ten seconds.
   */
  public static PasswordOptions defaults() {
    return new PasswordOptions(
        19_456, 2, 1, 8, Runtime.getRuntime().availableProcessors(), Duration.ofSeconds(10));
  }

  /** The same with another cost of hashing. */
  public PasswordOptions withCost(int memoryKib, int iterations, int parallelism) {
    return new PasswordOptions(
        memoryKib, iterations, parallelism, minLength, maxConcurrent, maxWait);
  }

  /** The same with another least length of new passwords. */
  public PasswordOptions withMinLength(int minLength) {
    return new PasswordOptions(
        memoryKib, iterations, parallelism, minLength, maxConcurrent, maxWait);
  }

  /** The same with another bound on hashes at a time, and on the wait for a turn. */
  public PasswordOptions withConcurrency(int maxConcurrent, Duration maxWait) {
    return new PasswordOptions(
        memoryKib, iterations, parallelism, minLength, maxConcurrent, maxWait);
  }
}
