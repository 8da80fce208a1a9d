package dev.plinth.core.internal.config;

import dev.plinth.core.internal.change.ChangeFeed;
import java.util.Set;

/** Has a watch look when the feed tells of its setting. */
record Watching(Watch<?> watch) implements ChangeFeed.Listener {
  @Override
  public void changed(Set<String> keys) {
    if (keys.stream().anyMatch(watch::watches)) {
      watch.lookSoon();
    }
  }

  @Override
  public void everythingChanged() {
    watch.lookSoon();
  }
}
