package dev.plinth.core.internal.batch;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An item that waits for its batch.
 *
 * @param <T> what callers hand in
 * @param <R> what each gets back
 */
final class Entry<T, R> {
  final T item;
  final CompletableFuture<R> future = new CompletableFuture<>();

  /** The thread that waits for the item and may be asked to lead; null when nobody waits. */
  final @Nullable Thread caller;

  private volatile boolean leads;

  Entry(T item, @Nullable Thread caller) {
    this.item = item;
    this.caller = caller;
  }

  /** Asks the waiting thread to lead. */
  void appoint() {
    leads = true;
    LockSupport.unpark(caller);
  }

  /** True once for each appointment. */
  boolean takeAppointment() {
    boolean appointed = leads;
    leads = false;
    return appointed;
  }

  /** Ends the wait; {@code outcome} completes the future. */
  void complete(Outcome<R> outcome) {
    outcome.completes(future);
    LockSupport.unpark(caller);
  }

  /**
   * What became of an item.
   *
   * @param <R> what its caller gets back
   */
  @FunctionalInterface
  interface Outcome<R> {
    /** Tells the future. */
    void completes(CompletableFuture<R> future);
  }
}
