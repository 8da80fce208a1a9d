package dev.plinth.core.internal.notify;

import dev.plinth.core.event.Events.Subscription;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who wants to hear of which topic. Safe for use by many threads. */
final class Listeners {
  private static final Logger log = LoggerFactory.getLogger(Listeners.class);

  /** Compared by identity, so that a listener subscribed twice can leave once. */
  private static final class Interest {
    private final Consumer<String> listener;

    Interest(Consumer<String> listener) {
      this.listener = listener;
    }
  }

  private final Map<String, List<Interest>> byTopic = new ConcurrentHashMap<>();

  Subscription add(String topic, Consumer<String> listener) {
    Interest own = new Interest(listener);
    byTopic.computeIfAbsent(topic, key -> new CopyOnWriteArrayList<>()).add(own);
    return () -> byTopic.getOrDefault(topic, List.of()).remove(own);
  }

  void tell(Channel.Message message) {
    for (Interest interest : byTopic.getOrDefault(message.topic(), List.of())) {
      tell(interest, message.topic(), message.payload());
    }
  }

  /** Something may have been missed. */
  void tellEveryone() {
    byTopic.forEach((topic, listeners) -> listeners.forEach(each -> tell(each, topic, "")));
  }

  private static void tell(Interest interest, String topic, String payload) {
    try {
      interest.listener.accept(payload);
    } catch (Throwable e) {
      log.warn("A listener to the topic {} failed", topic, e);
    }
  }
}
