package dev.plinth.jobs.internal;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Wakes one waiting thread; any number of calls before it waits count as one. */
final class Signal {
  private final Semaphore permits = new Semaphore(0);

  void wake() {
    if (permits.availablePermits() == 0) {
      permits.release();
    }
  }

  /** Waits for a call, or until the time has passed. */
  void await(long nanos) throws InterruptedException {
    if (permits.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
      permits.drainPermits();
    }
  }
}
