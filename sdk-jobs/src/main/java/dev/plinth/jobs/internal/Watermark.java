package dev.plinth.jobs.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * From which transactions on a table that is filled and emptied may still hold rows. Its rows carry
 * the transaction that inserted them, and an index begins where this says, so that rows which are
 * dead but cannot be removed, because an old snapshot is held open somewhere, are walked over once
 * and not by every look.
 *
 * <p>What lies below the mark is empty for good: no transaction that could still put a row there
 * was running when it was moved, except those that are remembered as late and looked at one by one.
 * Used by one thread.
 */
final class Watermark {
  /** Beyond every transaction's number. */
  static final long END = Long.MAX_VALUE;

  private long low;
  private final TreeSet<Long> late = new TreeSet<>();

  /**
   * A stretch of transactions that may have rows.
   *
   * @param from the first one
   * @param to the first one after it
   */
  record Stretch(long from, long to) {}

  /** What a look found: all in one snapshot. */
  record Look(Snapshot snapshot, @Nullable Long oldest, Set<Long> lateWithRows) {}

  /** The mark: from here on everything must be looked at. */
  long low() {
    return low;
  }

  /** Transactions below the mark that must be looked at too. */
  Set<Long> late() {
    return Set.copyOf(late);
  }

  /** Where to look, older transactions first. */
  List<Stretch> stretches() {
    List<Stretch> stretches = new ArrayList<>(late.size() + 1);
    late.forEach(xid -> stretches.add(new Stretch(xid, xid + 1)));
    stretches.add(new Stretch(low, END));
    return stretches;
  }

  /**
   * Moves the mark to the oldest transaction from the old mark on that has a row, or to the end of
   * what the snapshot knows. Those below it that were still running become late; a late one that
   * has ended and has no rows is forgotten.
   */
  void moved(Look look) {
    Snapshot snapshot = look.snapshot();
    Long oldest = look.oldest();
    long next = Math.max(low, oldest == null ? snapshot.end() : Math.min(oldest, snapshot.end()));
    late.removeIf(xid -> !snapshot.isRunning(xid) && !look.lateWithRows().contains(xid));
    late.addAll(snapshot.runningBetween(low, next));
    low = next;
  }
}
