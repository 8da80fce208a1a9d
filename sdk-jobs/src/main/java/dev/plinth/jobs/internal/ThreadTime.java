package dev.plinth.jobs.internal;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/**
 * How much processor time a thread has used since this was made on it; where the JVM cannot tell,
 * as for virtual threads, how much time has passed. Safe for use by many threads.
 */
final class ThreadTime {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final long UNKNOWN = -1;

  private final long thread = Thread.currentThread().getId();
  private final long usedBefore = used(thread);
  private final long begunAt = System.nanoTime();

  /** In whole microseconds; never less than before, as long as the thread lives. */
  long micros() {
    if (usedBefore == UNKNOWN) {
      return (System.nanoTime() - begunAt) / 1_000;
    }
    long now = used(thread);
    return now == UNKNOWN ? 0 : (now - usedBefore) / 1_000;
  }

  private static long used(long thread) {
    return THREADS.isThreadCpuTimeSupported() && THREADS.isThreadCpuTimeEnabled()
        ? THREADS.getThreadCpuTime(thread)
        : UNKNOWN;
  }
}
