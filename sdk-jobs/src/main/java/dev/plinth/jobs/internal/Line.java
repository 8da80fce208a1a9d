package dev.plinth.jobs.internal;

import java.util.UUID;

/**
 * Jobs that wait for the same limits in the same place, one behind the other.
 *
 * @param queue their queue
 * @param priority their priority
 * @param user their owner where the queue is fair, else {@link #NOBODY}
 * @param type their type
 * @param key their limit key, empty for none
 */
record Line(String queue, int priority, UUID user, String type, String key) {
  static final UUID NOBODY = new UUID(0, 0);

  /** Greater than every type and key, in the order of their code points. */
  static final String LAST = "\uDBFF\uDFFF".repeat(256);

  boolean hasKey() {
    return !key.isEmpty();
  }
}
