package dev.plinth.jobs;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Pauses queues and lets them go on, on all nodes, until told otherwise: it survives restarts.
 *
 * <p>From a paused queue no node claims, once it has heard of the pause: at once where hints
 * arrive, and within its poll interval where they do not. Jobs that run go on to their end; what a
 * node had claimed ahead and not begun is given back. Enqueueing goes on.
 *
 * <p>Works in the thread's current transaction or a short one of its own. Queues belong to no
 * tenant. Blocks; safe for use by many threads.
 */
public interface Queues {
  /** Pauses a queue, without saying who did it. */
  default boolean pause(String queue, @Nullable String reason) {
    return pause(queue, null, reason);
  }

  /**
   * Pauses a queue, which need not have had jobs yet.
   *
   * @param queue its name
   * @param by who pauses it, for people, at most 255 characters; or null
   * @param reason why, for people, at most 500 characters; or null
   * @return false when it is paused already; nothing changes then
   */
  boolean pause(String queue, @Nullable String by, @Nullable String reason);

  /**
   * Lets a queue go on.
   *
   * @return false when it was not paused
   */
  boolean resume(String queue);

  /** A queue; empty when nothing is known of it. */
  default Optional<QueueState> find(String queue) {
    return list().stream().filter(state -> state.queue().equals(queue)).findFirst();
  }

  /** Queues that are paused or limited, or have jobs waiting, by name. Counts no jobs. */
  List<QueueState> list();
}
