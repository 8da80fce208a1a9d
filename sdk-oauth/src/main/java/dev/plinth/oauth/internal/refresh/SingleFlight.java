package dev.plinth.oauth.internal.refresh;

import dev.plinth.oauth.Freshness;
import dev.plinth.oauth.internal.TokenKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Of the callers in this process who want the same token, one looks for it on its own thread and
 * the others take what it found. Those who wait hold no connection. Safe for use by many threads.
 */
final class SingleFlight {
  private final ConcurrentMap<TokenKey, CompletableFuture<Freshness>> flights =
      new ConcurrentHashMap<>();

  /** What the one found; empty when the others' patience ended first. */
  Optional<Freshness> join(TokenKey key, Duration patience, Supplier<Freshness> work)
      throws InterruptedException {
    CompletableFuture<Freshness> mine = new CompletableFuture<>();
    CompletableFuture<Freshness> other = flights.putIfAbsent(key, mine);
    if (other != null) {
      return await(other, patience);
    }
    try {
      Freshness found = work.get();
      mine.complete(found);
      return Optional.of(found);
    } catch (Throwable e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      flights.remove(key, mine);
    }
  }

  /** Callers from now on look again: what is under way may have read what is no longer true. */
  void forget(TokenKey key) {
    flights.remove(key);
  }

  /** Waits until those who look have finished, or the time is over. */
  void drain(Duration atMost) throws InterruptedException {
    CompletableFuture<?> all =
        CompletableFuture.allOf(List.copyOf(flights.values()).toArray(CompletableFuture[]::new));
    try {
      all.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      // A failed one has ended too, and one that takes longer will settle its call by itself.
      return;
    }
  }

  private static Optional<Freshness> await(CompletableFuture<Freshness> other, Duration patience)
      throws InterruptedException {
    try {
      return Optional.of(other.get(patience.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException("The caller that was looking for the token died", e);
    }
  }
}
