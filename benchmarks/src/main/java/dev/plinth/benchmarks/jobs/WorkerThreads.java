package dev.plinth.benchmarks.jobs;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Threads that work for as long as there is something to do, and look again soon when not. */
final class WorkerThreads {
  private static final long IDLE_MILLIS = 1;

  private final ExecutorService executor;
  private final Callable<Boolean> step;
  private volatile boolean stopping;

  /** Starts them; the step says whether it had something to do. */
  WorkerThreads(int count, Callable<Boolean> step) {
    this.executor = Executors.newFixedThreadPool(count);
    this.step = step;
    for (int i = 0; i < count; i++) {
      executor.execute(this::work);
    }
  }

  private void work() {
    try {
      while (!stopping) {
        if (!step.call()) {
          TimeUnit.MILLISECONDS.sleep(IDLE_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Lets each end what it is doing. */
  void close() throws InterruptedException {
    stopping = true;
    executor.shutdown();
    executor.awaitTermination(1, TimeUnit.MINUTES);
  }
}
