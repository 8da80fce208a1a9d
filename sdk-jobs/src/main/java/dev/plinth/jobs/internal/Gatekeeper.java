package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Schema;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a dispatcher's process take its turns at the gate: when jobs were parked, when limited ones
 * have ended, when a rate allows more, and with every poll; one turn at a time, on the executor, so
 * that claiming does not wait for it. Where there is no limit it costs a small query per poll.
 */
final class Gatekeeper implements Sweep {
  private static final Logger log = LoggerFactory.getLogger(Gatekeeper.class);
  private static final Duration AFTER_BUSY = Duration.ofMillis(10);

  private static final String LOOK =
      """
      SELECT (SELECT coalesce(array_agg(q.queue), '{}') FROM {schema}.job_queues q) AS paused,
             EXISTS (SELECT FROM {schema}.job_limits)
               OR EXISTS (SELECT FROM {schema}.job_parked) AS is_needed
      """;

  private final Plinth plinth;
  private final Gatekeep gatekeep;
  private final String look;
  private final Runnable newlyPaused;
  private volatile Set<String> paused = Set.of();
  private boolean isAtWork;
  private boolean isWanted;
  private boolean isClosed;
  private volatile boolean isByHand;
  private boolean isTimed;
  private long timedAt;

  /**
   * Idle until it is wanted.
   *
   * @param newlyPaused called by the thread that looks, when a queue has been paused
   */
  Gatekeeper(Plinth plinth, Gatekeep gatekeep, Runnable newlyPaused) {
    Schema schema = plinth.schema();
    this.plinth = plinth;
    this.gatekeep = gatekeep;
    this.look = schema.render(LOOK);
    this.newlyPaused = newlyPaused;
  }

  private record Seen(Set<String> paused, boolean isNeeded) {}

  /** Looks which queues are paused, and whether anybody waits at the gate. */
  @Override
  public boolean chunk(Tx tx) {
    Seen seen =
        Sql.query(
                tx.connection(),
                look,
                row ->
                    new Seen(
                        Set.copyOf(List.of((String[]) row.getArray("paused").getArray())),
                        row.getBoolean("is_needed")))
            .get(0);
    boolean more = !paused.containsAll(seen.paused());
    paused = seen.paused();
    if (more) {
      newlyPaused.run();
    }
    if (seen.isNeeded()) {
      want();
    }
    return isByHand && seen.isNeeded() && gatekeep.pass(tx).isMore();
  }

  /** True when nothing may be claimed from the queue, as far as was heard here. */
  boolean isPaused(String queue) {
    return paused.contains(queue);
  }

  /** From now on turns are taken by whoever looks, in the same transaction, and by nobody else. */
  synchronized void passByHand() {
    isByHand = true;
  }

  /** A turn is wanted, at once or after the one at work. Does not block. */
  void want() {
    synchronized (this) {
      if (isClosed || isByHand) {
        return;
      }
      isWanted = true;
      if (isAtWork) {
        return;
      }
      isAtWork = true;
    }
    try {
      plinth.executor().execute(this::work);
    } catch (RejectedExecutionException | IllegalStateException e) {
      leave();
      log.debug("The executor takes no turn at the gate now; it is asked again", e);
    }
  }

  private void wantIn(Duration delay) {
    synchronized (this) {
      long at = System.nanoTime() + delay.toNanos();
      if (isClosed || (isTimed && timedAt - at <= 0)) {
        return;
      }
      isTimed = true;
      timedAt = at;
    }
    CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS, Runnable::run)
        .execute(
            () -> {
              synchronized (this) {
                isTimed = false;
              }
              want();
            });
  }

  private synchronized boolean takeWish() {
    boolean wanted = isWanted && !isClosed;
    isWanted = false;
    if (!wanted) {
      leave();
    }
    return wanted;
  }

  private synchronized void leave() {
    isAtWork = false;
    notifyAll();
  }

  private void work() {
    try {
      while (takeWish()) {
        turn();
      }
    } catch (Throwable e) {
      leave();
      log.warn("Limited jobs cannot be let through now; it is tried again", e);
    }
  }

  private void turn() {
    Gatekeep.Outcome outcome =
        plinth.transactSeparately(
            TxOptions.defaults().withIsolation(TxOptions.Isolation.READ_COMMITTED).withAllTenants(),
            gatekeep::pass);
    if (outcome.isMore()) {
      want();
    } else if (outcome.isBusy()) {
      // Who is at it may have counted before what made this turn wanted.
      wantIn(AFTER_BUSY);
    } else if (outcome.next() != null) {
      wantIn(outcome.next());
    }
  }

  /** Takes no more turns; waits for the one at work, some seconds at most. */
  void close() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    synchronized (this) {
      isClosed = true;
      for (long left = 1; isAtWork && left > 0; left = deadline - System.nanoTime()) {
        wait(TimeUnit.NANOSECONDS.toMillis(Math.max(left, 1)) + 1);
      }
    }
  }
}
