package dev.plinth.jobs.internal;

/**
 * How many jobs to claim beyond those that run. None while jobs take their time, so that other
 * nodes get them; up to {@value #MOST} while a claim is used up faster than the next one can be
 * made. Used by one thread.
 */
final class Prefetch {
  static final int MOST = 400;
  private static final long FAST_NANOS = 50_000_000L;
  private static final long SLOW_NANOS = 250_000_000L;
  private static final long STALE_NANOS = 1_000_000_000L;

  private final int workers;
  private int size;
  private long lastClaim = System.nanoTime() - STALE_NANOS;

  Prefetch(int workers) {
    this.workers = workers;
  }

  int size() {
    return size;
  }

  /** Claims smaller than this wait for more room: small ones cost as much as large ones. */
  int least() {
    return Math.max(1, size / 2);
  }

  /** Jobs were claimed; {@code full} when more may be waiting. */
  void claimed(boolean full) {
    long now = System.nanoTime();
    long since = now - lastClaim;
    lastClaim = now;
    if (full && since < FAST_NANOS) {
      size = Math.min(MOST, Math.max(workers, size * 2));
    } else if (since > SLOW_NANOS) {
      size /= 2;
    }
  }

  /** True when what was claimed ahead has waited too long behind slow handlers. */
  boolean isStale(int running) {
    if (size > 0 && running > 0 && System.nanoTime() - lastClaim > STALE_NANOS) {
      size = 0;
      return true;
    }
    return false;
  }
}
