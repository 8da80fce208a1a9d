package dev.plinth.core.internal;

/**
 * A part of core that runs in the background between start and close. Both are called once, in
 * order.
 */
public interface Lifecycle {
  /** Begins; may open a connection and start threads. */
  void start();

  /** Ends, and returns when nothing of it runs any more. */
  void close();
}
