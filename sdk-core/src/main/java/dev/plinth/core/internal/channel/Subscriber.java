package dev.plinth.core.internal.channel;

import dev.plinth.core.internal.SerialTask;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.json.Json;
import dev.plinth.core.json.JsonCodec;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What waits for one subscriber, and the calls to it. The notification thread only puts down what
 * arrives. When too much waits, the oldest is forgotten and the subscriber told that it missed
 * something.
 */
final class Subscriber<T> {
  private static final Logger log = LoggerFactory.getLogger(Subscriber.class);
  private static final int MOST_WAITING = 1_000;

  private final String channel;
  private final Class<T> type;
  private final JsonCodec codec;
  private final Consumer<T> listener;
  private final Runnable missed;
  private final SerialTask task;
  private final Deque<String> waiting = new ArrayDeque<>();
  private boolean hasMissed;
  private boolean isSlow;
  private boolean closed;

  Subscriber(
      String channel,
      Class<T> type,
      JsonCodec codec,
      Threads threads,
      Consumer<T> listener,
      Runnable missed) {
    this.channel = channel;
    this.type = type;
    this.codec = codec;
    this.listener = listener;
    this.missed = missed;
    this.task = new SerialTask(threads, this::deliver);
  }

  /** An empty text says that something may have been missed before what comes next. */
  void arrived(String text) {
    if (put(text)) {
      log.warn("A subscriber to the channel {} is too slow: it misses messages", channel);
    }
    task.request();
  }

  void close() {
    synchronized (waiting) {
      closed = true;
      waiting.clear();
    }
  }

  /** True when the subscriber begins to be too slow. */
  private boolean put(String text) {
    synchronized (waiting) {
      if (text.isEmpty()) {
        // It is told before what still waits, which is older: early, but never too late.
        hasMissed = true;
        return false;
      }
      waiting.addLast(text);
      if (waiting.size() <= MOST_WAITING) {
        return false;
      }
      waiting.removeFirst();
      hasMissed = true;
      boolean begins = !isSlow;
      isSlow = true;
      return begins;
    }
  }

  private void deliver() {
    while (true) {
      boolean tellMissed;
      @Nullable String next = null;
      synchronized (waiting) {
        tellMissed = hasMissed && !closed;
        hasMissed = false;
        if (!tellMissed) {
          next = waiting.pollFirst();
          isSlow = isSlow && next != null;
        }
      }
      if (tellMissed) {
        call(missed);
      } else if (next != null) {
        deliver(next);
      } else {
        return;
      }
    }
  }

  private void deliver(String text) {
    T message;
    try {
      message = codec.read(Json.of(text), type);
    } catch (IllegalArgumentException e) {
      log.warn("A message on the channel {} is not a {}", channel, type.getName());
      return;
    } catch (Throwable e) {
      // Without what it says, which may be the message.
      log.warn(
          "The codec failed with {} on a message on the channel {}",
          e.getClass().getName(),
          channel);
      return;
    }
    call(() -> listener.accept(message));
  }

  private void call(Runnable subscriber) {
    try {
      subscriber.run();
    } catch (Throwable e) {
      log.warn("A subscriber to the channel {} failed", channel, e);
    }
  }
}
