package dev.plinth.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A number of threads that do the same over and over for a time. */
public final class Threads {
  /** What they do. */
  public interface Step {
    /** Does it once. */
    void run() throws Exception;
  }

  private final int count;

  /** So many. */
  public Threads(int count) {
    this.count = count;
  }

  /**
   * Repeats a step in all threads and returns when they are done.
   *
   * @return the seconds it took from the first begin to the last end
   */
  public double repeatFor(int seconds, Step step) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(count);
    try {
      long begun = System.nanoTime();
      long until = begun + seconds * 1_000_000_000L;
      List<Callable<Boolean>> loops = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        loops.add(
            () -> {
              while (System.nanoTime() < until) {
                step.run();
              }
              return true;
            });
      }
      for (Future<Boolean> loop : executor.invokeAll(loops)) {
        ended(loop);
      }
      return (System.nanoTime() - begun) / 1e9;
    } finally {
      executor.shutdownNow();
    }
  }

  private static void ended(Future<Boolean> loop) throws InterruptedException {
    try {
      loop.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("A thread failed", e.getCause());
    }
  }
}
