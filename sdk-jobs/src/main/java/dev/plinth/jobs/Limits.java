package dev.plinth.jobs;

import java.util.List;

/**
 * The limits that hold across all nodes, in the database's hands: set once, by any process, and
 * heeded by every node within its poll interval, usually at once. See {@link Limit} for what there
 * is.
 *
 * <p>Works in the thread's current transaction or a short one of its own. Limits belong to no
 * tenant: a key that two tenants use is one key. Blocks; safe for use by many threads.
 */
public interface Limits {
  /**
   * Sets a limit, in place of the one on the same thing if there is one. Jobs that wait already are
   * brought under it; those that run are counted and go on, also where they are too many now.
   *
   * @throws IllegalArgumentException when it limits nothing
   */
  void set(Limit limit);

  /**
   * Removes the limit on the thing that the given one is about, whatever else it says.
   *
   * @return false when there was none
   */
  boolean remove(Limit limit);

  /** All of them, by scope and name. */
  List<Limit> list();
}
