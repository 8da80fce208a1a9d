package dev.plinth.core.internal.maintenance;

import dev.plinth.core.internal.Threads;
import dev.plinth.core.maintenance.Maintenance.Task;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a task under its lease, which a second thread renews. When the lease is lost, or the
 * run has lasted too long, the task's thread is interrupted and the lease left to end.
 */
final class Run {
  private static final Logger log = LoggerFactory.getLogger(Run.class);
  private static final int MAX_ERROR = 2_000;
  private static final int RENEWALS = 4;

  private final TaskRows rows;
  private final TaskRows.Lease lease;
  private final Duration time;
  private final Duration longest;
  private final BooleanSupplier mayAct;
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread worker = Thread.currentThread();
  private boolean interrupted;

  /** Belongs to the thread that makes it; {@code mayAct} says whether the holder still lives. */
  Run(
      TaskRows rows,
      TaskRows.Lease lease,
      Duration time,
      Duration longest,
      BooleanSupplier mayAct) {
    this.rows = rows;
    this.lease = lease;
    this.time = time;
    this.longest = longest;
    this.mayAct = mayAct;
  }

  void execute(Task task, Threads threads) {
    Throwable failure = null;
    try {
      threads.execute(this::renew);
      task.run();
    } catch (RejectedExecutionException e) {
      failure = e;
    } catch (Throwable e) {
      failure = e;
      log.warn("The maintenance task {} failed and runs again next time", lease.name(), e);
    } finally {
      end();
    }
    if (!rows.finish(lease, failure == null ? null : text(failure))) {
      log.warn("The maintenance task {} lost its lease while it ran", lease.name());
    }
  }

  /** Ends the task early: its node closes. */
  void interrupt() {
    synchronized (this) {
      if (done.getCount() > 0) {
        interrupted = true;
        worker.interrupt();
      }
    }
  }

  /**
   * From here on nobody interrupts the thread, and an interrupt of ours does not outlive the run.
   */
  private void end() {
    synchronized (this) {
      done.countDown();
      if (interrupted && Thread.interrupted()) {
        log.debug("The maintenance task {} did not notice its interrupt", lease.name());
      }
    }
  }

  private void renew() {
    long end = System.nanoTime() + longest.toNanos();
    try {
      while (!done.await(pause(end), TimeUnit.NANOSECONDS)) {
        if (System.nanoTime() - end >= 0) {
          log.warn("The maintenance task {} runs for longer than {}", lease.name(), longest);
          interrupt();
          return;
        }
        if (!mayAct.getAsBoolean() || !renewed()) {
          interrupt();
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private long pause(long end) {
    return Math.min(time.toNanos() / RENEWALS, end - System.nanoTime());
  }

  /** An outage is not yet a loss: until the lease ends there is time for another try. */
  private boolean renewed() {
    try {
      return rows.renew(lease, time);
    } catch (RuntimeException e) {
      log.debug("The lease of {} could not be renewed", lease.name(), e);
      return true;
    }
  }

  private static String text(@Nullable Throwable failure) {
    String text = String.valueOf(failure).replace("\0", "");
    return text.length() <= MAX_ERROR ? text : text.substring(0, MAX_ERROR);
  }
}
