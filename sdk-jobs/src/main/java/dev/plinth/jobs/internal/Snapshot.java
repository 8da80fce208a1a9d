package dev.plinth.jobs.internal;

import java.util.NavigableSet;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * PostgreSQL's {@code pg_snapshot}: which transactions had ended when a statement began.
 *
 * @param end the first transaction that had not begun
 * @param running those before it that had not ended
 */
record Snapshot(long end, NavigableSet<Long> running) {

  /** From the text form {@code xmin:xmax:xip,xip,…}. */
  static Snapshot of(String text) {
    String[] parts = text.split(":", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("text must be a pg_snapshot, but is " + text);
    }
    NavigableSet<Long> running = new TreeSet<>();
    if (!parts[2].isEmpty()) {
      for (String xid : parts[2].split(",", -1)) {
        running.add(Long.parseLong(xid));
      }
    }
    return new Snapshot(Long.parseLong(parts[1]), running);
  }

  /** True unless the transaction had ended. */
  boolean isRunning(long xid) {
    return xid >= end || running.contains(xid);
  }

  /** Those from {@code from} on and before {@code to} that had not ended. */
  SortedSet<Long> runningBetween(long from, long to) {
    return running.subSet(from, true, to, false);
  }
}
