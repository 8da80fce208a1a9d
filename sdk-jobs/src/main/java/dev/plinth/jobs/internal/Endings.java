package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.batch.GroupCommit;
import dev.plinth.core.spi.SqlStates;
import dev.plinth.core.tx.ConnectionUnavailableException;
import dev.plinth.core.tx.OutcomeUnknownException;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes how claims end, many in one transaction, and keeps at it while the database refuses.
 * Repeating is harmless: a claim ends once, because its epoch must still hold.
 */
final class Endings implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Endings.class);
  private static final int MAX_BATCH = 500;
  private static final int MAX_WAITING = 2_000;
  private static final int TRIES = 5;
  private static final long FIRST_BACKOFF_NANOS = 50_000_000L;
  private static final long LAST_BACKOFF_NANOS = 15_000_000_000L;
  private static final long CLOSING_NANOS = 5_000_000_000L;

  private final Plinth plinth;
  private final Complete complete;
  private final Fail fail;
  private final Release release;
  private final Control control;
  private final GroupCommit<Ending, Boolean> commit;
  private final Strays strays;
  private final Runnable batchesTouched;
  private final Runnable ended;
  private final Runnable limitedEnded;
  private final Queue<Pending> again = new ConcurrentLinkedQueue<>();
  private final AtomicInteger unsettled = new AtomicInteger();
  private volatile @Nullable Runnable byHand;

  Endings(
      Plinth plinth,
      Complete complete,
      Fail fail,
      Release release,
      Control control,
      Strays strays,
      Runnable batchesTouched,
      Runnable ended,
      Runnable limitedEnded) {
    this.plinth = plinth;
    this.complete = complete;
    this.fail = fail;
    this.release = release;
    this.control = control;
    this.strays = strays;
    this.batchesTouched = batchesTouched;
    this.ended = ended;
    this.limitedEnded = limitedEnded;
    this.commit = plinth.groupCommit("jobs.endings", MAX_BATCH, MAX_WAITING, this::write);
  }

  /** Hands an ending in; blocks only while too many wait to be written. */
  void submit(Ending ending) {
    submit(ending, false);
  }

  /** The same; {@code mayBeWritten} when the claim has probably ended already. */
  void submit(Ending ending, boolean mayBeWritten) {
    submit(new Pending(ending, 1, 0, mayBeWritten, 0));
    unsettled.incrementAndGet();
  }

  /** True when all that was handed in has been written, or was found to be no longer held. */
  boolean isSettled() {
    return unsettled.get() == 0;
  }

  private void submit(Pending pending) {
    handedIn(pending.ending())
        .whenComplete(
            (held, failure) -> {
              if (failure == null) {
                unsettled.decrementAndGet();
                strays.forget(pending.ending().job());
                written(pending, held);
              } else {
                again.add(afterFailure(pending, failure));
              }
            });
  }

  /** From now on whoever hands in an ending writes it too, after having told so. */
  void writeOnCallingThread(Runnable aboutToWrite) {
    byHand = aboutToWrite;
  }

  private CompletableFuture<Boolean> handedIn(Ending ending) {
    Runnable aboutToWrite = byHand;
    if (aboutToWrite == null) {
      return commit.submit(ending);
    }
    aboutToWrite.run();
    try {
      return CompletableFuture.completedFuture(commit.call(ending));
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void written(Pending pending, boolean held) {
    Claimed job = pending.ending().job();
    if (!held && pending.ending() instanceof Ending.Released) {
      strays.suspect();
    }
    if (!held && !pending.mayBeWritten()) {
      log.info(
          "Claim {} of job {} is no longer held, so its end was not written",
          job.epoch(),
          job.id());
    }
    told(job, held || pending.mayBeWritten());
  }

  /** One that {@link #writeIn} wrote has been committed. */
  void committed(Ending ending) {
    told(ending.job(), true);
  }

  private void told(Claimed job, boolean written) {
    if (job.isLimited()) {
      limitedEnded.run();
    }
    if (written && job.batchId() != null) {
      batchesTouched.run();
    }
    ended.run();
  }

  /**
   * What to hand in next. Only what can lie in the ending itself uses up its tries; a database that
   * cannot take it now is asked again for as long as it takes.
   */
  private static Pending afterFailure(Pending pending, Throwable failure) {
    Ending ending = pending.ending();
    log.debug("The end of job {} will be written again", ending.job().id(), failure);
    int tries = pending.tries() + (isOfTheEnding(failure) ? 1 : 0);
    if (tries <= TRIES) {
      return pending.again(ending, tries);
    }
    if (ending instanceof Ending.Completed completed) {
      log.warn("Job {} ended well, but that cannot be written", completed.job().id(), failure);
      return pending.again(new Ending.Failed(completed.job(), Failure.of(failure), null, null), 1);
    }
    log.warn("The end of job {} cannot be written; trying again", ending.job().id(), failure);
    return pending.again(
        ending instanceof Ending.Failed failed ? failed.withoutProgress() : ending, 1);
  }

  /** The SQLStates of data, of constraints, of RAISE, and of a failure that was swallowed. */
  private static boolean isOfTheEnding(Throwable failure) {
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at instanceof ConnectionUnavailableException || at instanceof OutcomeUnknownException) {
        return false;
      }
    }
    return SqlStates.of(failure)
        .map(
            state ->
                state.startsWith("22")
                    || state.startsWith("23")
                    || state.startsWith("P0")
                    || state.equals(SqlStates.ABORTED))
        .orElse(true);
  }

  /** Hands in again what could not be written, and whose time has come. */
  void resubmit() {
    long now = System.nanoTime();
    resubmit(pending -> now - pending.notBefore() >= 0);
  }

  private void resubmit(Predicate<Pending> due) {
    List<Pending> taken = new ArrayList<>();
    for (Iterator<Pending> all = again.iterator(); all.hasNext(); ) {
      Pending next = all.next();
      if (due.test(next)) {
        all.remove();
        taken.add(next);
      }
    }
    taken.forEach(this::submit);
  }

  /** Writes one in a transaction at hand. */
  boolean writeIn(Tx tx, Ending ending) {
    return write(tx, List.of(ending)).get(0);
  }

  private List<Boolean> write(Tx tx, List<Ending> endings) {
    List<Ending.Completed> completed = new ArrayList<>();
    List<Ending.Failed> failed = new ArrayList<>();
    List<Ending.Released> released = new ArrayList<>();
    List<Ending.Snoozed> snoozed = new ArrayList<>();
    List<Ending.Cancelled> cancelled = new ArrayList<>();
    for (Ending ending : endings) {
      if (ending instanceof Ending.Completed c) {
        completed.add(c);
      } else if (ending instanceof Ending.Failed f) {
        failed.add(f);
      } else if (ending instanceof Ending.Released r) {
        released.add(r);
      } else if (ending instanceof Ending.Snoozed s) {
        snoozed.add(s);
      } else if (ending instanceof Ending.Cancelled c) {
        cancelled.add(c);
      }
    }
    Set<UUID> held = new HashSet<>();
    if (!completed.isEmpty()) {
      held.addAll(complete.write(tx, completed));
      control.completed(tx, completed, held);
    }
    if (!failed.isEmpty()) {
      held.addAll(fail.write(tx, failed));
      control.failed(tx, failed, held);
    }
    if (!released.isEmpty()) {
      held.addAll(release.write(tx, released));
    }
    if (!snoozed.isEmpty()) {
      held.addAll(control.snooze().write(tx, snoozed));
    }
    if (!cancelled.isEmpty()) {
      held.addAll(control.cancel().write(tx, cancelled));
    }
    control.watched().changed(tx, held);
    return endings.stream().map(ending -> held.contains(ending.job().id())).toList();
  }

  /**
   * Writes what was handed in, then takes no more. What cannot be written within some seconds gives
   * up its claim at least; the rest is rescued once the instance has signed off.
   */
  @Override
  public void close() {
    long deadline = System.nanoTime() + CLOSING_NANOS;
    drain(deadline);
    commit.close();
    List<Ending.Released> left =
        again.stream().map(pending -> new Ending.Released(pending.ending().job(), true)).toList();
    if (left.isEmpty()) {
      return;
    }
    log.warn("The ends of {} jobs cannot be written; these jobs will run again", left.size());
    try {
      plinth.transactSeparately(
          TxOptions.defaults().withAllTenants(), tx -> release.write(tx, left));
    } catch (RuntimeException e) {
      log.warn("The claims on {} jobs are held until this instance ends", left.size(), e);
    }
  }

  private void drain(long deadline) {
    while (unsettled.get() > 0
        && System.nanoTime() - deadline < 0
        && !Thread.currentThread().isInterrupted()) {
      resubmit(pending -> true);
      LockSupport.parkNanos(this, FIRST_BACKOFF_NANOS);
    }
  }

  /**
   * An ending on its way.
   *
   * @param tries how often it was or is handed in, without those that the database refused
   * @param failures how often in all it could not be written
   * @param mayBeWritten whether an earlier try may have been committed after all
   * @param notBefore by {@code System.nanoTime()}
   */
  private record Pending(
      Ending ending, int tries, int failures, boolean mayBeWritten, long notBefore) {
    Pending again(Ending next, int nextTries) {
      long backoff = Math.min(LAST_BACKOFF_NANOS, FIRST_BACKOFF_NANOS << Math.min(failures, 10));
      return new Pending(next, nextTries, failures + 1, true, System.nanoTime() + backoff);
    }
  }
}
