package dev.plinth.jobs;

/** A job that is being watched. Safe for use by many threads. */
public interface JobWatch extends AutoCloseable {
  /** False once the job has ended and its watcher was told so, or {@link #close()} was called. */
  boolean isOpen();

  /** Ends it; the watcher may be in a last call just then. Never throws. */
  @Override
  void close();
}
