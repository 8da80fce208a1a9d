package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.ConnectionUnavailableException;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sweep that is made every so often, and sooner on request. Its failures stay its own: they are
 * logged, and it waits its period. A bad item (one that a subscriber to events refuses, say) keeps
 * no other from being done.
 */
final class Chore {
  private static final Logger log = LoggerFactory.getLogger(Chore.class);

  private final Plinth plinth;
  private final String name;
  private final long periodNanos;
  private final Sweep sweep;
  private final BooleanSupplier stopping;
  private long dueAt = System.nanoTime();
  private boolean wanted;

  Chore(Plinth plinth, String name, Duration period, Sweep sweep, BooleanSupplier stopping) {
    this.plinth = plinth;
    this.name = name;
    this.periodNanos = period.toNanos();
    this.sweep = sweep;
    this.stopping = stopping;
  }

  /** Does a chunk if one is due; false when none was. Throws nothing. */
  boolean runIfDue() {
    // Begins the next period first, so that a wish that comes meanwhile is not forgotten.
    if (!begin()) {
      return false;
    }
    try {
      if (alone(sweep::chunk)) {
        want(Duration.ZERO);
      }
    } catch (Throwable e) {
      log.warn(
          "Jobs: {} failed; it is tried again within {}", name, Duration.ofNanos(periodNanos), e);
      if (isOfTheItems(e)) {
        oneByOne();
      }
    }
    return true;
  }

  /** Does all there is to do, on the calling thread, whether due or not; what fails is thrown. */
  void runToTheEnd() {
    boolean more = true;
    while (more) {
      more = alone(sweep::chunk);
    }
  }

  private void oneByOne() {
    try {
      List<UUID> items = alone(sweep::items);
      for (UUID item : items) {
        if (stopping.getAsBoolean() || !one(item)) {
          return;
        }
      }
    } catch (Throwable e) {
      log.warn("Jobs: what {} has to do cannot be told now", name, e);
    }
  }

  /** False when no item can be done now. */
  private boolean one(UUID item) {
    try {
      return alone(
          tx -> {
            sweep.item(tx, item);
            return true;
          });
    } catch (Throwable e) {
      log.warn("Jobs: {} failed for {}, which is skipped", name, item, e);
      return isOfTheItems(e);
    }
  }

  private static boolean isOfTheItems(Throwable failure) {
    return !(failure instanceof ConnectionUnavailableException)
        && !SqlStates.isConnectionLoss(failure);
  }

  private <T> T alone(TxFunction<T, RuntimeException> work) {
    // The fold must see what was committed before it got its lock.
    return plinth.transactSeparately(
        TxOptions.defaults().withIsolation(TxOptions.Isolation.READ_COMMITTED).withAllTenants(),
        tx -> {
          IdleLimit.set(tx);
          return work.apply(tx);
        });
  }

  private synchronized boolean begin() {
    long now = System.nanoTime();
    if (now - dueAt < 0) {
      return false;
    }
    dueAt = now + periodNanos;
    wanted = false;
    return true;
  }

  /** True when it should be done at once. */
  synchronized boolean isDue() {
    return System.nanoTime() - dueAt >= 0;
  }

  /** How long until it is wanted sooner than its period says; the longest time when it is not. */
  synchronized long nanosUntilWanted() {
    return wanted ? Math.max(0, dueAt - System.nanoTime()) : Long.MAX_VALUE;
  }

  /** Wanted within this time. */
  synchronized void want(Duration within) {
    long at = System.nanoTime() + within.toNanos();
    if (at - dueAt < 0) {
      dueAt = at;
      wanted = true;
    }
  }
}
