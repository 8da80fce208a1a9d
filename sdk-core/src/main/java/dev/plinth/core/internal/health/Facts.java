package dev.plinth.core.internal.health;

import dev.plinth.core.health.Health;
import dev.plinth.core.health.HealthReading;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one look at the primary has brought so far. Written by the thread that looks, read by others
 * at any time: a look that does not end in time still tells what it found.
 */
final class Facts {
  final Findings findings = new Findings();
  volatile boolean connected;
  volatile boolean ended;
  volatile Health.@Nullable Database database;
  volatile @Nullable String logPosition;
  volatile @Nullable String history;
  volatile @Nullable Instant now;
  volatile List<Health.Schema> schema = List.of();
  volatile List<Health.Task> tasks = List.of();
  volatile @Nullable Instant heartbeatAt;
  volatile List<HealthReading> readings = List.of();

  /** True when every module's schema was seen, and can be worked with. */
  boolean isMigrated() {
    return !schema.isEmpty()
        && schema.stream().allMatch(module -> module.pending().isEmpty() && !module.tooNew());
  }
}
