package dev.plinth.test;

/** Closes several things, all of them even when some fail. */
final class Closing {
  private Closing() {}

  static void all(Iterable<? extends AutoCloseable> closeables) {
    IllegalStateException failure = null;
    for (AutoCloseable closeable : closeables) {
      try {
        closeable.close();
      } catch (Exception e) {
        if (e instanceof InterruptedException) {
          Thread.currentThread().interrupt();
        }
        if (failure == null) {
          failure = new IllegalStateException("What the test used cannot be closed", e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
