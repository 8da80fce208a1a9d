package dev.plinth.oauth.internal.refresh;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.Tx;
import dev.plinth.oauth.internal.TokenKey;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the outcomes of refreshes whatever gets in the way: for a while on the caller's thread,
 * then for as long as Plinth lives on another. Knows which refreshes this process is working on, so
 * that a lease of its own that nobody works on can be told. Safe for use by many threads.
 */
final class Outcomes {
  private static final Logger log = LoggerFactory.getLogger(Outcomes.class);
  private static final int PROMPT_TRIES = 5;
  private static final long FIRST_PAUSE_NANOS = 100_000_000;
  private static final long LAST_PAUSE_NANOS = 5_000_000_000L;

  /** Of the whole process, since several entry points may share one instance and its leases. */
  private static final Set<UUID> UNDER_WAY = ConcurrentHashMap.newKeySet();

  private final Plinth plinth;

  Outcomes(Plinth plinth) {
    this.plinth = plinth;
  }

  /** This process will write the outcome of the refresh; call before anyone can see its lease. */
  void begin(UUID refreshId) {
    UNDER_WAY.add(refreshId);
  }

  /** There is nothing more to write. */
  void end(UUID refreshId) {
    UNDER_WAY.remove(refreshId);
  }

  /** False when nobody in this process will write the outcome any more. */
  boolean isUnderWay(UUID refreshId) {
    return UNDER_WAY.contains(refreshId);
  }

  /** Does the work in a transaction of its own. */
  void inTransaction(TokenKey key, Consumer<Tx> work) {
    plinth.transactSeparately(
        key.txOptions(),
        tx -> {
          work.accept(tx);
          return Boolean.TRUE;
        });
  }

  /**
   * Repeats the work until it does not throw, and ends the refresh then. Interrupts are held back,
   * since a pool gives no connection to an interrupted thread.
   *
   * @throws RuntimeException of the last try on this thread, when it goes on elsewhere or Plinth
   *     has closed
   */
  void write(UUID refreshId, Runnable work) {
    boolean interrupted = false;
    try {
      for (int tries = 1; ; tries++) {
        interrupted |= Thread.interrupted();
        try {
          work.run();
          end(refreshId);
          return;
        } catch (RuntimeException e) {
          if (!plinth.isStarted()) {
            log.warn("Plinth is closed, so the outcome of refresh {} stays unknown", refreshId);
            end(refreshId);
            throw e;
          }
          if (tries >= PROMPT_TRIES && goOnElsewhere(refreshId, work)) {
            throw e;
          }
          log.debug("The outcome of refresh {} cannot be written", refreshId, e);
        } catch (Error e) {
          end(refreshId);
          throw e;
        }
        interrupted |= pause(tries);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** False when no other thread can be had, so that this one must go on. */
  private boolean goOnElsewhere(UUID refreshId, Runnable work) {
    try {
      plinth.executor().execute(() -> goOn(refreshId, work));
      log.warn("The outcome of refresh {} is held until the database takes it", refreshId);
      return true;
    } catch (RejectedExecutionException | IllegalStateException e) {
      log.debug("No thread is free for the outcome of refresh {}", refreshId, e);
      return false;
    }
  }

  private void goOn(UUID refreshId, Runnable work) {
    boolean interrupted = false;
    try {
      for (int tries = PROMPT_TRIES; plinth.isStarted(); tries++) {
        interrupted |= pause(tries);
        try {
          work.run();
          return;
        } catch (RuntimeException e) {
          log.debug("The outcome of refresh {} still cannot be written", refreshId, e);
        }
      }
      log.warn("Plinth is closed, so the outcome of refresh {} stays unknown", refreshId);
    } finally {
      end(refreshId);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** True when the thread was interrupted, which does not shorten the pause. */
  private static boolean pause(int tries) {
    long end =
        System.nanoTime() + Math.min(LAST_PAUSE_NANOS, FIRST_PAUSE_NANOS << Math.min(tries, 10));
    boolean interrupted = false;
    for (long left; (left = end - System.nanoTime()) > 0; ) {
      LockSupport.parkNanos(left);
      interrupted |= Thread.interrupted();
    }
    return interrupted;
  }
}
