package dev.plinth.core.internal.change;

import dev.plinth.core.event.Events.Subscription;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The caches of this node, by topic. Safe for use by many threads. */
final class ChangeListeners {
  private static final Logger log = LoggerFactory.getLogger(ChangeListeners.class);

  private final Map<String, List<ChangeFeed.Listener>> byTopic = new ConcurrentHashMap<>();

  Subscription add(String topic, ChangeFeed.Listener listener) {
    List<ChangeFeed.Listener> all =
        byTopic.computeIfAbsent(topic, key -> new CopyOnWriteArrayList<>());
    all.add(listener);
    return () -> all.remove(listener);
  }

  void tellEverything() {
    byTopic.keySet().forEach(topic -> tell(topic, null));
  }

  void tell(List<ChangeRows.Change> changes) {
    Map<String, Set<@Nullable String>> keys = new HashMap<>();
    for (ChangeRows.Change change : changes) {
      keys.computeIfAbsent(change.topic(), topic -> new HashSet<>()).add(change.key());
    }
    keys.forEach(
        (topic, all) -> {
          Set<String> named = new HashSet<>();
          for (@Nullable String key : all) {
            if (key == null) {
              tell(topic, null);
              return;
            }
            named.add(key);
          }
          tell(topic, named);
        });
  }

  /** Null keys stand for everything. */
  void tell(String topic, @Nullable Set<String> keys) {
    for (ChangeFeed.Listener listener : byTopic.getOrDefault(topic, List.of())) {
      try {
        if (keys == null) {
          listener.everythingChanged();
        } else {
          listener.changed(keys);
        }
      } catch (Throwable e) {
        log.warn("A cache could not be told of changes to the {}", topic, e);
      }
    }
  }
}
