package dev.plinth.jobs.internal;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A queue as one dispatcher sees it: its lanes, and when to look where they begin and which there
 * are. Used by the dispatcher's thread, but for the hint.
 */
final class LaneWatch {
  private static final long CLAIMED_MANY = 2_000;
  private static final long NOT_SOONER_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long LATER_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  final Lanes lanes;
  final AtomicBoolean hinted = new AtomicBoolean();
  private long claimedSince;
  private long lookedAt = System.nanoTime() - LATER_NANOS;

  LaneWatch(Lanes lanes) {
    this.lanes = lanes;
  }

  /**
   * After a claim: when many rows were taken since, when there may be a lane that is not known yet,
   * and now and then.
   */
  boolean isToBeLookedAt(int claimed, int room, boolean wasHinted) {
    claimedSince += claimed;
    long since = System.nanoTime() - lookedAt;
    // Also while there is enough to do: a higher priority may have come.
    if (since >= LATER_NANOS || (claimed == room && claimedSince >= CLAIMED_MANY)) {
      return true;
    }
    return claimed == 0 && wasHinted && since >= NOT_SOONER_NANOS;
  }

  /** The lanes have been looked at. */
  void looked() {
    claimedSince = 0;
    lookedAt = System.nanoTime();
  }
}
