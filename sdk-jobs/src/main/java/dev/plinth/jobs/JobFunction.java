package dev.plinth.jobs;

import org.jspecify.annotations.Nullable;

/**
 * Runs jobs that have a result. Called by many threads at once, with no connection held.
 *
 * @param <A> the arguments
 * @param <R> the result
 */
@FunctionalInterface
public interface JobFunction<A, R> {
  /** Does the work; what it throws is recorded, and the job retried as its policy says. */
  @Nullable R run(A args, JobRun run) throws Exception;
}
