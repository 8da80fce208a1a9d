package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has the handlers at work charged, once in a period, on a thread of the executor. */
final class Charger {
  private static final Logger log = LoggerFactory.getLogger(Charger.class);
  private static final long FAR_NANOS = TimeUnit.DAYS.toNanos(1);

  private final Plinth plinth;
  private final Workers workers;
  private final boolean isIdle;
  private final long period;
  private final AtomicBoolean charging = new AtomicBoolean();
  private volatile long chargedAt = System.nanoTime();

  Charger(Plinth plinth, Workers workers, Charging charging) {
    this.plinth = plinth;
    this.workers = workers;
    this.isIdle = charging.isEmpty();
    this.period = charging.period().toNanos();
  }

  /** Nanoseconds until handlers are to be charged; not positive when it is time. */
  long left() {
    return isIdle ? FAR_NANOS : period - (System.nanoTime() - chargedAt);
  }

  /** Begins to charge when it is time; does not block. */
  void chargeWhenDue() {
    if (left() > 0) {
      return;
    }
    chargedAt = System.nanoTime();
    if (!charging.compareAndSet(false, true)) {
      return;
    }
    try {
      plinth.executor().execute(this::charge);
    } catch (RuntimeException e) {
      charging.set(false);
      log.debug("The executor takes no task now; it is asked again", e);
    }
  }

  private void charge() {
    try {
      workers.running().forEach(ActiveRun::charge);
    } catch (Throwable e) {
      log.warn("Jobs cannot be charged now; trying again", e);
    } finally {
      charging.set(false);
    }
  }
}
