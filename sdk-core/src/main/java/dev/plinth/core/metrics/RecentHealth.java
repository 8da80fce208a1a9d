package dev.plinth.core.metrics;

import dev.plinth.core.Plinth;
import dev.plinth.core.health.Health;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The last answer of {@code plinth.health()}, renewed in the background when somebody reads it and
 * it is old. Safe for use by many threads.
 */
final class RecentHealth {
  private static final Duration RENEWED_AFTER = Duration.ofSeconds(15);

  private final Plinth plinth;
  private final AtomicBoolean asking = new AtomicBoolean();
  private final List<Consumer<Health>> listeners = new CopyOnWriteArrayList<>();
  private volatile @Nullable Health last;
  private volatile long askedNanos = System.nanoTime() - RENEWED_AFTER.toNanos();

  RecentHealth(Plinth plinth) {
    this.plinth = plinth;
  }

  void onAnswer(Consumer<Health> listener) {
    listeners.add(listener);
  }

  /** Never waits; not a number before the first answer. */
  double read(ToDoubleFunction<Health> of) {
    renewIfOld();
    Health known = last;
    return known == null ? Double.NaN : of.applyAsDouble(known);
  }

  private void renewIfOld() {
    if (System.nanoTime() - askedNanos < RENEWED_AFTER.toNanos()
        || !asking.compareAndSet(false, true)) {
      return;
    }
    try {
      plinth.executor().execute(this::renew);
    } catch (RejectedExecutionException e) {
      // Closed, which health tells by itself and at once.
      renew();
    }
  }

  private void renew() {
    try {
      Health answer = plinth.health();
      last = answer;
      listeners.forEach(listener -> listener.accept(answer));
    } finally {
      askedNanos = System.nanoTime();
      asking.set(false);
    }
  }
}
