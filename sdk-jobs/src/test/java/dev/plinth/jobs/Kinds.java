package dev.plinth.jobs;

import java.time.Duration;

/** The kinds of job that the tests run. */
final class Kinds {
  static final JobType<Number> PLAIN = JobType.of("plain", Number.class);
  static final JobType<Number> OTHER = JobType.of("other", Number.class).withQueue("other");
  static final ResultJobType<Number, Square> SQUARE =
      JobType.of("square", Number.class).returning(Square.class);
  static final JobType<Number> FLAKY =
      JobType.of("flaky", Number.class)
          .withRetryPolicy(
              RetryPolicy.defaults()
                  .withMaxAttempts(3)
                  .withDelays(Duration.ofMinutes(1), Duration.ofMinutes(10)));

  private Kinds() {}

  record Number(int value) {}

  record Square(int of, long value) {}
}
