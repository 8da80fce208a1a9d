package dev.plinth.core.internal.change;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Remembers how far the database was some minutes ago. Safe for use by many threads. */
final class Horizons {
  private record Mark(long horizon, long at) {}

  private final long nanos;
  private @Nullable Mark newer;
  private @Nullable Mark older;

  /** Remembers for this long at least. */
  Horizons(Duration age) {
    this.nanos = age.toNanos();
  }

  synchronized void add(long horizon, long at) {
    if (newer == null || at - newer.at() > nanos) {
      older = newer;
      newer = new Mark(horizon, at);
    }
  }

  synchronized void forget() {
    newer = null;
    older = null;
  }

  /** Every transaction below this number had ended that long ago; 0 when nothing is known. */
  synchronized long old() {
    return older == null ? 0 : older.horizon();
  }
}
