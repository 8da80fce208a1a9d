package dev.plinth.core.internal.health;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs something on another thread, never twice at once: whoever asks while it runs gets the run
 * under way. However long a database hangs, it holds one thread and not one for each asker. Safe
 * for use by many threads.
 */
final class OneAtATime<T> {
  private final Executor executor;
  private @Nullable Running<T> running;

  /** What is under way. */
  record Running<T>(T subject, CompletableFuture<Boolean> done) {}

  OneAtATime(Executor executor) {
    this.executor = executor;
  }

  /**
   * The run under way, or a new one.
   *
   * @param made makes what a new run works on
   * @param work works on it, and should throw nothing
   * @throws RejectedExecutionException when there is no thread for it
   */
  Running<T> join(Supplier<T> made, java.util.function.Consumer<T> work) {
    Running<T> mine;
    synchronized (this) {
      Running<T> other = running;
      if (other != null && !other.done().isDone()) {
        return other;
      }
      mine = new Running<>(made.get(), new CompletableFuture<>());
      running = mine;
    }
    try {
      executor.execute(
          () -> {
            try {
              work.accept(mine.subject());
            } finally {
              mine.done().complete(true);
            }
          });
    } catch (RuntimeException e) {
      mine.done().complete(false);
      throw e;
    }
    return mine;
  }
}
