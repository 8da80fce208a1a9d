package dev.plinth.test.jobs;

import dev.plinth.core.spi.Args;

/**
 * Boundaries of a test's own: a fake of something outside the database, such as a payment service,
 * says where a crash is of interest. Does nothing unless the {@link CrashKit} is at work.
 */
public final class Crash {
  private static final ThreadLocal<Boundaries> AT_WORK = new ThreadLocal<>();

  private Crash() {}

  /** A process may die here; to be called on the thread of the handler. */
  public static void at(String name) {
    Args.text(name, 100, "name");
    Boundaries boundaries = AT_WORK.get();
    if (boundaries != null) {
      boundaries.named(name);
    }
  }

  static void listen(Boundaries boundaries) {
    AT_WORK.set(boundaries);
  }

  static void unlisten() {
    AT_WORK.remove();
  }
}
