package dev.plinth.core.lock;

import dev.plinth.core.PlinthException;

/**
 * Work that depends on a lock found it no longer held: its lease has ended, its instance is dead,
 * it was released, or another has acquired it since.
 */
public final class LockLostException extends PlinthException {
  private static final long serialVersionUID = 1L;

  private final String name;
  private final long fence;

  /** With the lock and the number it was acquired under. */
  public LockLostException(String name, long fence) {
    super(
        "The lock "
            + name
            + " is no longer held under the fence "
            + fence
            + ": roll this work back and acquire the lock anew; if the work outlasts the lease, renew"
            + " it meanwhile or acquire it for longer");
    this.name = name;
    this.fence = fence;
  }

  /** What was locked. */
  public String name() {
    return name;
  }

  /** The fencing number it was held under. */
  public long fence() {
    return fence;
  }
}
