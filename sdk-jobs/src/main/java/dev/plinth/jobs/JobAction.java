package dev.plinth.jobs;

/**
 * Runs jobs that have no result. Called by many threads at once, with no connection held.
 *
 * @param <A> the arguments
 */
@FunctionalInterface
public interface JobAction<A> {
  /** Does the work; what it throws is recorded, and the job retried as its policy says. */
  void run(A args, JobRun run) throws Exception;
}
