package dev.plinth.core.internal;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs something after each request for it, never twice at the same time; requests that come while
 * it runs are answered by one more run. Borrows a thread only while it runs. Safe for use by many
 * threads.
 */
public final class SerialTask {
  private static final Logger log = LoggerFactory.getLogger(SerialTask.class);

  private final Threads threads;
  private final Runnable task;
  private final AtomicInteger requests = new AtomicInteger();

  /** The task must not throw. */
  public SerialTask(Threads threads, Runnable task) {
    this.threads = threads;
    this.task = task;
  }

  /**
   * Has it run once more, beginning after this call.
   *
   * @return false when no thread could be had
   */
  public boolean request() {
    if (requests.getAndIncrement() == 0) {
      try {
        threads.execute(this::run);
      } catch (RejectedExecutionException e) {
        requests.set(0);
        log.debug("No thread could be had, as happens when Plinth is closed", e);
        return false;
      }
    }
    return true;
  }

  private void run() {
    int answered;
    do {
      answered = requests.get();
      try {
        task.run();
      } catch (Throwable e) {
        log.warn("Work in the background failed", e);
      }
    } while (!requests.compareAndSet(answered, 0));
  }
}
