package dev.plinth.core.internal;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repeats a round on a thread of its own, with a pause before each, as long as the round says that
 * another is needed; has no thread otherwise. A round that throws is logged and repeated. Safe for
 * use by many threads; rounds follow one another.
 */
public final class Rounds {
  private static final Logger log = LoggerFactory.getLogger(Rounds.class);
  private static final Duration CLOSE_WAITS = Duration.ofSeconds(5);

  private final Threads threads;
  private final String name;
  private final BooleanSupplier round;
  private final Supplier<Duration> pause;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean running;
  private boolean wanted;
  private boolean asked;
  private boolean closing;

  /**
   * Begins nothing yet.
   *
   * @param name what the rounds are, in logs
   * @param round says whether another is needed
   * @param pause the time from the end of a round to the next; asked again by {@link #pauseChanged}
   */
  public Rounds(Threads threads, String name, BooleanSupplier round, Supplier<Duration> pause) {
    this.threads = threads;
    this.name = name;
    this.round = round;
    this.pause = pause;
  }

  /**
   * Something is there to be done: there will be a round, after the pause.
   *
   * @throws RejectedExecutionException when no thread could be had
   */
  public void start() {
    lock.lock();
    try {
      wanted = true;
      if (!running && !closing) {
        running = true;
        threads.execute(this::run);
      }
    } catch (RejectedExecutionException e) {
      running = false;
      throw e;
    } finally {
      lock.unlock();
    }
  }

  /** Has the next round begin at once. */
  public void soon() {
    lock.lock();
    try {
      asked = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The pause may have become shorter. */
  public void pauseChanged() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends, and waits for a round under way, but not for ever on a database that hangs. */
  public void close() {
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

  private void run() {
    boolean more = true;
    while (isNeeded(more)) {
      more = another();
    }
  }

  private boolean another() {
    try {
      return round.getAsBoolean();
    } catch (Throwable e) {
      log.warn("{} ended unexpectedly and is repeated", name, e);
      return true;
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
