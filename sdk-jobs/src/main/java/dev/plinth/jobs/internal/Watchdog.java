package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.Cancellation;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread per started {@code Jobs}, beside the dispatcher's: tells handlers to stop whose job
 * was cancelled, or that have taken too long, sees to it that they do, and sweeps up after them.
 */
final class Watchdog implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Watchdog.class);

  private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long INSIST_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(3);
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long FAR_NANOS = TimeUnit.DAYS.toNanos(1_000);
  private static final long CLOSING_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final Duration SWEEP_EVERY = Duration.ofSeconds(1);
  private static final Duration TIDY_EVERY = Duration.ofMinutes(10);

  private final Plinth plinth;
  private final Workers workers;
  private final Endings endings;
  private final Strays strays;
  private final Control control;
  private final Charger charger;
  private final Evict evict;
  private final List<Chore> chores;
  private final Signal signal = new Signal();
  private final AtomicBoolean hinted = new AtomicBoolean();
  private @Nullable Subscription cancels;
  private @Nullable Subscription interests;
  private final AtomicBoolean looking = new AtomicBoolean();
  private volatile long lookedAt = System.nanoTime() - IDLE_NANOS;
  private volatile long wakesAt = System.nanoTime();
  private volatile boolean stopping;

  Watchdog(
      Plinth plinth,
      Workers workers,
      Endings endings,
      Strays strays,
      Control control,
      Charger charger) {
    this.plinth = plinth;
    this.workers = workers;
    this.endings = endings;
    this.strays = strays;
    this.control = control;
    this.charger = charger;
    this.evict = new Evict(plinth, endings);
    this.chores =
        List.of(
            chore("cancelling", SWEEP_EVERY, control.cancelRequests()),
            chore("failing at deadlines", SWEEP_EVERY, control.deadlines()),
            chore("removing keys", TIDY_EVERY, control.uniqueKeys()));
  }

  private Chore chore(String name, Duration period, Sweep sweep) {
    return new Chore(plinth, name, period, sweep, () -> stopping);
  }

  void start() {
    cancels = plinth.notifications().subscribe(Cancelling.TOPIC, payload -> hinted());
    interests = control.watched().listen();
    workers.whenTimed(this::begins);
    plinth.executor().execute(this::loop);
  }

  private void begins(Duration limit) {
    if (System.nanoTime() + limit.toNanos() - wakesAt < 0) {
      signal.wake();
    }
  }

  private void hinted() {
    hinted.set(true);
    signal.wake();
  }

  private void loop() {
    try {
      while (!stopping) {
        // What begins while this looks around must not be missed.
        wakesAt = System.nanoTime() + FAR_NANOS;
        long next = turn();
        wakesAt = System.nanoTime() + next;
        signal.await(next);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      log.warn("The watchdog was interrupted: no job is cancelled or timed out on this node now");
    }
  }

  /** One round; returns how long to wait for the next, in nanoseconds. */
  private long turn() {
    try {
      workers.running().forEach(ActiveRun::stopWhenTooLong);
      charger.chargeWhenDue();
      if (hinted.get() || System.nanoTime() - lookedAt >= period()) {
        look();
      }
      return untilNext();
    } catch (Throwable e) {
      log.warn("Jobs cannot be cancelled or timed out now; trying again", e);
      return INSIST_NANOS;
    }
  }

  private long untilNext() {
    long next = Math.max(lookedAt + period() - System.nanoTime(), INSIST_NANOS / 4);
    for (ActiveRun run : workers.running()) {
      Long left = run.timeLeft();
      if (left != null) {
        next = Math.min(next, Math.max(left, 0));
      }
    }
    return workers.isIdle() ? next : Math.min(next, Math.max(charger.left(), 0));
  }

  private long period() {
    if (workers.running().stream().anyMatch(run -> run.stopping() != null)) {
      return INSIST_NANOS;
    }
    return workers.isIdle() ? IDLE_NANOS : ASK_NANOS;
  }

  /** On another thread: time must not stand still while the database lets one wait. */
  private void look() {
    if (!looking.compareAndSet(false, true)) {
      return;
    }
    hinted.set(false);
    lookedAt = System.nanoTime();
    try {
      plinth.executor().execute(this::lookNow);
    } catch (RuntimeException e) {
      looking.set(false);
      log.debug("The executor takes no task now; it is asked again", e);
    }
  }

  private void lookNow() {
    try {
      ask();
      workers.running().forEach(this::insist);
      chores.forEach(Chore::runIfDue);
    } catch (Throwable e) {
      if (stopping) {
        log.debug("Jobs is closing, and can no longer look who is to stop", e);
      } else {
        log.warn("Jobs cannot be cancelled now; trying again", e);
      }
    } finally {
      looking.set(false);
      signal.wake();
    }
  }

  /** What the database knows: wishes, and whether deadlines have passed. */
  private record Told(Map<UUID, Cancellation> cancellations, @Nullable Instant now) {}

  private void ask() {
    Set<UUID> held = new HashSet<>();
    boolean anyDeadline = false;
    for (Claimed job : workers.held()) {
      held.add(job.id());
      anyDeadline |= job.deadline() != null;
    }
    if (held.isEmpty()) {
      return;
    }
    boolean askTime = anyDeadline;
    Told told =
        plinth.transactSeparately(
            TxOptions.defaults().withAllTenants(),
            tx ->
                new Told(
                    control.cancelRequests().of(tx, held),
                    askTime ? control.deadlines().now(tx) : null));
    Map<UUID, Cancellation> cancellations = told.cancellations();
    if (!cancellations.isEmpty()) {
      cancelWaiting(cancellations);
    }
    for (ActiveRun run : workers.running()) {
      Cancellation cancellation = cancellations.get(run.job().id());
      Instant deadline = run.job().deadline();
      if (cancellation != null) {
        run.stop(new StopCause.Cancelled(cancellation));
      } else if (deadline != null && told.now() != null && !told.now().isBefore(deadline)) {
        run.stop(new StopCause.DeadlinePassed(deadline));
      }
    }
  }

  /** Those that no worker has begun. */
  private void cancelWaiting(Map<UUID, Cancellation> cancellations) {
    for (Claimed job : workers.takeOut(cancellations.keySet())) {
      Cancellation cancellation = cancellations.getOrDefault(job.id(), Cancellation.unexplained());
      endings.submit(new Ending.Cancelled(job, false, cancellation, null, null));
    }
  }

  /** Sees to it that a run ends that was told to. */
  private void insist(ActiveRun run) {
    StopCause cause = run.stopping();
    if (cause == null) {
      return;
    }
    try {
      evict.cancelStatements(run);
      if (run.stoppedFor() > GRACE_NANOS && evict.end(run, workers.endOf(run, cause))) {
        log.warn(
            "The handler of job {} goes on although it was interrupted; its claim was ended, and"
                + " its thread is not free",
            run.job().id());
        strays.forget(run.job());
      }
    } catch (RuntimeException e) {
      log.debug("Job {} could not be made to end now", run.job().id(), e);
    }
  }

  /**
   * Instead of {@link #start()}: does on the calling thread what any node may do, until nothing of
   * it is left.
   */
  void sweepByHand() {
    chores.forEach(Chore::runToTheEnd);
  }

  /** Tells nobody to stop any more. */
  @Override
  public void close() {
    stopping = true;
    signal.wake();
    long deadline = System.nanoTime() + CLOSING_NANOS;
    while (looking.get()
        && System.nanoTime() - deadline < 0
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(this, INSIST_NANOS / 20);
    }
    if (cancels != null) {
      cancels.close();
    }
    if (interests != null) {
      interests.close();
    }
  }
}
