package dev.plinth.benchmarks.jobs;

import org.jobrunr.jobs.lambdas.JobRequest;

/**
 * A job as JobRunr wants it: public, and written as JSON.
 *
 * @param number what it carries
 */
public record NoOp(long number) implements JobRequest {
  @Override
  public Class<NoOpHandler> getJobRequestHandler() {
    return NoOpHandler.class;
  }
}
