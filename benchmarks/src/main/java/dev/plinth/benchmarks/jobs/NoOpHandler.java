package dev.plinth.benchmarks.jobs;

import java.util.function.LongConsumer;
import org.jobrunr.jobs.lambdas.JobRequestHandler;

/** Runs JobRunr's jobs, which finds it by its class and gets the object from an activator. */
public final class NoOpHandler implements JobRequestHandler<NoOp> {
  private final LongConsumer handler;

  NoOpHandler(LongConsumer handler) {
    this.handler = handler;
  }

  @Override
  public void run(NoOp job) {
    handler.accept(job.number());
  }
}
