package dev.plinth.core.internal;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The host's executor, or daemon threads of Plinth's own, made when first needed. */
public final class Threads implements Executor {
  private final @Nullable Executor given;
  private @Nullable ExecutorService own;
  private boolean closed;

  Threads(@Nullable Executor given) {
    this.given = given;
  }

  @Override
  public void execute(Runnable task) {
    executor().execute(task);
  }

  private synchronized Executor executor() {
    if (closed) {
      throw new RejectedExecutionException("Plinth is closed");
    }
    if (given != null) {
      return given;
    }
    if (own == null) {
      AtomicInteger number = new AtomicInteger();
      own =
          Executors.newCachedThreadPool(
              task -> {
                Thread thread = new Thread(task, "plinth-" + number.incrementAndGet());
                thread.setDaemon(true);
                return thread;
              });
    }
    return own;
  }

  void close() {
    ExecutorService ending;
    synchronized (this) {
      closed = true;
      ending = own;
    }
    if (ending == null) {
      return;
    }
    ending.shutdown();
    try {
      if (!ending.awaitTermination(5, TimeUnit.SECONDS)) {
        ending.shutdownNow();
      }
    } catch (InterruptedException e) {
      ending.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
