package dev.plinth.core.maintenance;

import dev.plinth.core.event.Events.Subscription;
import java.time.Duration;
import java.util.List;

/**
 * Periodic tasks of the cluster: each runs on one node at a time, under a lease on the database's
 * clock, and is due when its period has passed since its last run anywhere. Safe for use by many
 * threads.
 */
public interface Maintenance {
  /**
   * Registers a task. It runs once {@code plinth.start()} has given it a thread, or by {@link
   * #runNow}.
   *
   * @param name unique in the cluster, such as {@code jobs.fold}
   * @param period from the start of one run to the start of the next
   * @param task what to do; it opens its own transactions, should do a bounded amount of work, and
   *     should stop when its thread is interrupted
   */
  Subscription register(String name, Duration period, Task task);

  /**
   * Runs a task on the calling thread, if no other node is running it.
   *
   * @return false when another node holds its lease
   * @throws IllegalArgumentException when no task of that name is registered here
   */
  boolean runNow(String name);

  /** Every task known to the cluster, with its last run and last error. */
  List<TaskStatus> status();

  /** Work to do now and then. */
  @FunctionalInterface
  interface Task {
    /** Does it. What it throws is recorded with the task's status and logged. */
    void run() throws Exception;
  }
}
