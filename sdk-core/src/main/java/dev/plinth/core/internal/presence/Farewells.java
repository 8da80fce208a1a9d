package dev.plinth.core.internal.presence;

import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.internal.SerialTask;
import dev.plinth.core.internal.Threads;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the host which connections it must close, one after the other on a thread of the executor:
 * neither a commit nor a heartbeat waits for it. Safe for use by many threads.
 */
final class Farewells {
  private static final Logger log = LoggerFactory.getLogger(Farewells.class);

  private final List<Consumer<UUID>> listeners = new CopyOnWriteArrayList<>();
  private final Queue<UUID> waiting = new ConcurrentLinkedQueue<>();
  private final SerialTask task;

  Farewells(Threads threads) {
    this.task = new SerialTask(threads, this::tell);
  }

  Subscription onDismissed(Consumer<UUID> listener) {
    Consumer<UUID> own = id -> tell(listener, id);
    listeners.add(own);
    return () -> listeners.remove(own);
  }

  /** False when no thread could be had, so that {@link #again} is to be called. */
  boolean add(UUID id) {
    waiting.add(id);
    boolean told = task.request();
    if (!told) {
      log.warn("No thread could be had to tell of dismissed connections; tried again later");
    }
    return told;
  }

  /** Asks for a thread again if that is needed; true when something waits still. */
  boolean again() {
    if (!waiting.isEmpty()) {
      task.request();
    }
    return !waiting.isEmpty();
  }

  private void tell() {
    @Nullable UUID next = waiting.poll();
    while (next != null) {
      UUID id = next;
      listeners.forEach(listener -> listener.accept(id));
      next = waiting.poll();
    }
  }

  private static void tell(Consumer<UUID> listener, UUID id) {
    try {
      listener.accept(id);
    } catch (Throwable e) {
      log.warn("A listener to dismissed connections failed", e);
    }
  }
}
