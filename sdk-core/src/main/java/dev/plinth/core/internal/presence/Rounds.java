package dev.plinth.core.internal.presence;

import dev.plinth.core.internal.Threads;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repeats a round on a thread of its own as long as there is something to do, and has no thread
 * otherwise. Safe for use by many threads.
 */
final class Rounds {
  private static final Logger log = LoggerFactory.getLogger(Rounds.class);
  private static final Duration CLOSE_WAITS = Duration.ofSeconds(5);

  private final Threads threads;
  private final BooleanSupplier round;
  private final Supplier<Duration> pause;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean running;
  private boolean wanted;
  private boolean asked;
  private boolean closing;

  /** The round says whether another is needed. */
  Rounds(Threads threads, BooleanSupplier round, Supplier<Duration> pause) {
    this.threads = threads;
    this.round = round;
    this.pause = pause;
  }

  /** Something is there to be done. */
  void ensureRunning() {
    lock.lock();
    try {
      wanted = true;
      if (!running && !closing) {
        running = true;
        threads.execute(this::run);
      }
    } catch (RejectedExecutionException e) {
      // Tried again with the next sign of life; until then what this node holds may expire.
      running = false;
      log.warn("No thread could be had for the heartbeat of live connections", e);
    } finally {
      lock.unlock();
    }
  }

  /** Has the next round begin at once. */
  void soon() {
    lock.lock();
    try {
      asked = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends, and waits for a round under way, but not for ever on a database that hangs. */
  void close() {
    lock.lock();
    try {
      closing = true;
      changed.signalAll();
      long left = CLOSE_WAITS.toNanos();
      while (running && left > 0) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** The pause may have become shorter. */
  void pauseChanged() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      boolean more = true;
      while (isNeeded(more)) {
        more = round.getAsBoolean();
      }
    } catch (RuntimeException | Error e) {
      log.error("The heartbeat of live connections ended; the next sign of life begins it anew", e);
      lock.lock();
      try {
        end();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Waits for the next round; false, and no longer running, when there is none. */
  private boolean isNeeded(boolean more) {
    lock.lock();
    try {
      boolean needed = more || wanted;
      wanted = false;
      long began = System.nanoTime();
      long left = pause.get().toNanos();
      while (needed && !closing && !asked && left > 0) {
        changed.awaitNanos(left);
        left = pause.get().toNanos() - (System.nanoTime() - began);
      }
      asked = false;
      if (needed && !closing) {
        return true;
      }
      end();
      return false;
    } catch (InterruptedException e) {
      // Only Plinth's own executor ends its threads so, and only after close.
      Thread.currentThread().interrupt();
      end();
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    running = false;
    changed.signalAll();
  }
}
