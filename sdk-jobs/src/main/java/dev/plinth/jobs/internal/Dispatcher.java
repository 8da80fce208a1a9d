package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.ManualRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread per started {@code Jobs}: claims for the workers, and does the chores that any node
 * may do at any time (promoting, rescuing, folding), whose statements skip what others are doing.
 */
public final class Dispatcher implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);

  private static final Duration AFTER_INTERRUPT = Duration.ofSeconds(1);
  private static final Duration ADOPT_EVERY = Duration.ofMinutes(10);

  private final Plinth plinth;
  private final DispatcherSettings settings;
  private final Statements statements;
  private final NodeLimits nodeLimits;
  private final Endings endings;
  private final Workers workers;
  private final Prefetch prefetch;
  private final Signal signal = new Signal();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final List<Chore> chores = new ArrayList<>();
  private final Consumer<String> onHint = this::hinted;
  private final Consumer<String> onGateHint = this::gateHinted;
  private final Gatekeeper gatekeeper;
  private final Chore looking;
  private final Chore promoting;
  private final Chore rescuing;
  private final Chore folding;
  private final Chore tidying;
  private final Claiming claiming;
  private final PublishHandlers published;
  private final Chore unblocking;
  private final Chore firing;
  private final UUID id;
  private final Strays strays;
  private final Watchdog watchdog;
  private @Nullable Subscription hints;
  private @Nullable Subscription gateHints;
  private @Nullable Subscription losses;
  private @Nullable Claimed inHand;
  private volatile boolean moreInLine = true;
  private volatile boolean draining;
  private volatile boolean stopping;
  private final CountDownLatch drained = new CountDownLatch(1);

  /** Prepares; {@link #start()} begins. */
  public Dispatcher(
      Plinth plinth, DispatcherSettings settings, Statements statements, Handlers handlers) {
    this.plinth = plinth;
    this.settings = settings;
    this.statements = statements;
    this.nodeLimits = new NodeLimits(plinth.schema(), handlers.versions(), settings.caps());
    this.gatekeeper = new Gatekeeper(plinth, statements.gatekeep(), this::giveBackWaiting);
    this.looking = chore("looking at limits", settings.pollInterval(), gatekeeper);
    this.promoting = chore("promoting", settings.pollInterval(), statements.promote());
    this.rescuing =
        chore("rescuing", plinth.instances().timeToLive().dividedBy(4), statements.rescue());
    this.folding = chore("folding", settings.pollInterval(), statements.fold());
    this.id = plinth.ids().next();
    this.strays = statements.strays(plinth, id);
    this.tidying = chore("giving back", plinth.instances().timeToLive().dividedBy(4), strays);
    chore("adopting claimers", ADOPT_EVERY, statements.claimers());
    this.claiming = new Claiming(plinth, statements.claimers(), strays, id);
    this.unblocking = chore("unblocking", settings.pollInterval(), statements.unblock());
    chore("sweeping edges", SweepEdges.PERIOD, statements.sweepEdges(plinth));
    this.firing =
        chore(
            "firing schedules",
            settings.pollInterval(),
            statements.schedules().fire(settings.pollInterval()));
    this.endings =
        statements.endings(plinth, strays, this::batchesTouched, this::ended, gatekeeper::want);
    RunSql runSql =
        new RunSql(
            plinth,
            statements.complete(),
            statements.progressRows(),
            statements.control(),
            this::batchesTouched,
            statements,
            this::ended,
            gatekeeper::want);
    this.workers =
        new Workers(
            plinth,
            handlers,
            endings,
            strays,
            runSql,
            statements.control().deadlines(),
            settings.charging(),
            settings.workers(),
            this::hungry);
    this.watchdog =
        new Watchdog(
            plinth,
            workers,
            endings,
            strays,
            statements.control(),
            new Charger(plinth, workers, settings.charging()));
    this.prefetch = new Prefetch(settings.workers());
    chore("counting", Duration.ofSeconds(1), statements.foldStatistics());
    this.published = new PublishHandlers(plinth, id, settings, handlers.versions());
    chore("publishing handlers", plinth.instances().timeToLive().dividedBy(4), published);
  }

  private Chore chore(String name, Duration period, Sweep sweep) {
    Chore chore = new Chore(plinth, name, period, sweep, () -> stopping);
    chores.add(chore);
    return chore;
  }

  /** Begins to claim and to run. */
  public void start() {
    statements.hints().listen(onHint);
    hints = plinth.notifications().subscribe(Hints.TOPIC, onHint);
    statements.gateHints().listen(onGateHint);
    gateHints = plinth.notifications().subscribe(GateHints.TOPIC, onGateHint);
    losses = plinth.instances().onLost(workers::lost);
    watchdog.start();
    plinth.executor().execute(this::loop);
  }

  private void hinted(String queue) {
    if (queue.isEmpty()) {
      folding.want(Duration.ZERO);
      unblocking.want(Duration.ZERO);
    }
    if (queue.isEmpty() || settings.queues().contains(queue)) {
      claiming.hinted(queue);
      signal.wake();
    }
  }

  private void gateHinted(String what) {
    if (what.equals(GateHints.PARKED)) {
      gatekeeper.want();
    } else {
      looking.want(Duration.ZERO);
      signal.wake();
    }
  }

  private void batchesTouched() {
    folding.want(Duration.ofMillis(20));
    signal.wake();
  }

  /** Others may wait for a job that has ended here. */
  private void ended() {
    if (statements.unblock().isInUse()) {
      unblocking.want(Duration.ZERO);
      signal.wake();
    }
  }

  private void loop() {
    try {
      while (!stopping) {
        boolean more = turn();
        if (!more) {
          signal.await(Math.min(jittered(settings.pollInterval()), nanosUntilWanted()));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      log.warn("The dispatcher was interrupted: this node claims no more jobs");
    } finally {
      drained.countDown();
      ended.countDown();
    }
  }

  /** One round; true when the next should follow at once. */
  private boolean turn() throws InterruptedException {
    try {
      endings.resubmit();
      if (draining && drained.getCount() > 0) {
        giveBackWaiting();
        published.withdraw();
        drained.countDown();
      }
      workers.startWorkers();
      // A job that has just come does not wait for all chores.
      boolean isClaimed = claiming.isHinted();
      boolean more = isClaimed && claim();
      for (Chore chore : chores) {
        isClaimed &= !chore.runIfDue();
        if (claiming.isHinted()) {
          isClaimed = true;
          more = claim();
        }
      }
      return (isClaimed ? more : claim()) || unblocking.isDue();
    } catch (Throwable e) {
      log.warn("Jobs cannot be claimed now; trying again", e);
      signal.await(TimeUnit.MILLISECONDS.toNanos(200) + jittered(settings.pollInterval()));
      return !stopping;
    }
  }

  /**
   * Workers have little left. Where the last claim found too little, a hint comes with the next.
   */
  private void hungry() {
    if (moreInLine) {
      signal.wake();
    }
  }

  private long nanosUntilWanted() {
    return chores.stream().mapToLong(Chore::nanosUntilWanted).min().orElse(Long.MAX_VALUE);
  }

  private boolean claim() {
    moreInLine = !draining;
    if (draining) {
      return false;
    }
    if (prefetch.isStale(workers.running().size())) {
      giveBackWaiting();
    }
    boolean full = false;
    boolean more = false;
    for (String queue : settings.queues()) {
      if (gatekeeper.isPaused(queue)) {
        continue;
      }
      for (NodeLimits.Step step : nodeLimits.steps(queue, workers::held)) {
        int free = workers.room(prefetch.size());
        int wanted = Math.min(nodeLimits.room(queue, free, workers::held), step.limit());
        if (stopping || free < prefetch.least() || wanted <= 0 || !plinth.instances().isAlive()) {
          more = true;
          continue;
        }
        int claimed = claim(step, wanted);
        more |= claimed == wanted;
        full |= claimed == wanted && wanted == free;
      }
    }
    moreInLine = more;
    return full && !stopping && workers.room(prefetch.size()) >= prefetch.least();
  }

  /** Returns how many jobs were claimed. */
  private int claim(NodeLimits.Step step, int wanted) {
    List<Claimed> claimed = claiming.claim(step.claim(), step.queue(), wanted);
    if (!claimed.isEmpty()) {
      prefetch.claimed(claimed.size() == wanted);
      if (stopping) {
        // close() may have taken back already what no worker has begun.
        claimed.forEach(job -> endings.submit(new Ending.Released(job, false)));
      } else {
        workers.add(claimed);
      }
      claiming.claimed();
    }
    return claimed.size();
  }

  private void giveBackWaiting() {
    workers.takeBack().forEach(job -> endings.submit(new Ending.Released(job, false)));
  }

  /**
   * Instead of {@link #start()}: nothing happens but what is asked for, on the thread that asks.
   *
   * @param aboutToBegin told each time before a handler begins
   * @param aboutToWrite told each time before the end of a claim is written
   */
  public void startByHand(Runnable aboutToBegin, Runnable aboutToWrite) {
    workers.onBegin(aboutToBegin);
    endings.writeOnCallingThread(aboutToWrite);
    gatekeeper.passByHand();
    statements.hints().alwaysAfterCommit();
    ended.countDown();
  }

  /** Makes ready what can be, until nothing more can. */
  public void readyByHand() {
    List.of(firing, promoting, rescuing, folding, tidying, unblocking, looking)
        .forEach(Chore::runToTheEnd);
  }

  /** Does all that any node may do at any time, until nothing of it is left. */
  public void sweepByHand() {
    chores.forEach(Chore::runToTheEnd);
    watchdog.sweepByHand();
    readyByHand();
  }

  /** Claims the next job, of the queues in the order of their names; null when there is none. */
  public @Nullable ManualRun claimByHand() {
    if (stopping) {
      throw new IllegalStateException("Jobs is closed: build a new one");
    }
    giveBackInHand();
    for (String queue : new TreeSet<>(settings.queues())) {
      if (gatekeeper.isPaused(queue)) {
        continue;
      }
      for (NodeLimits.Step step : nodeLimits.steps(queue, workers::held)) {
        List<Claimed> claimed = claiming.claimFirst(step.claim(), queue);
        if (!claimed.isEmpty()) {
          Claimed job = claimed.get(0);
          inHand = job;
          return new ManualRun(new JobId(job.id()), job.type(), job.attempt(), job.epoch());
        }
      }
    }
    return null;
  }

  /** What was claimed by hand and not run, because something failed in between. */
  private void giveBackInHand() {
    Claimed job = inHand;
    inHand = null;
    if (job != null) {
      endings.submit(new Ending.Released(job, false));
    }
  }

  /** Runs what was claimed by hand, and returns when its end is written or given up. */
  public void runByHand() {
    Claimed job = inHand;
    if (job == null) {
      throw new IllegalStateException("Nothing was claimed");
    }
    inHand = null;
    workers.runHere(job);
    while (!endings.isSettled()) {
      endings.resubmit();
      LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  /** From half of it up to all of it, so that nodes do not look in step. */
  static long jittered(Duration interval) {
    long nanos = interval.toNanos();
    return nanos / 2 + ThreadLocalRandom.current().nextLong(nanos / 2 + 1);
  }

  /**
   * Claims no more and gives back what was not begun; everything else goes on, chores too.
   *
   * @return whether all that was begun has ended within the time
   */
  public boolean drain(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    draining = true;
    signal.wake();
    // Only then is no claim under way any more.
    boolean done = drained.await(atMost.toNanos(), TimeUnit.NANOSECONDS);
    workers.awaitIdle(Duration.ofNanos(Math.max(deadline - System.nanoTime(), 0)));
    while (!endings.isSettled() && System.nanoTime() - deadline < 0) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    return done && workers.isIdle() && endings.isSettled();
  }

  /**
   * Claims no more, gives back what was not begun, lets handlers finish within the grace period,
   * then interrupts and gives back the rest.
   */
  @Override
  public void close() {
    stopping = true;
    signal.wake();
    statements.hints().unlisten(onHint);
    close(hints);
    statements.gateHints().unlisten(onGateHint);
    close(gateHints);
    try {
      ended.await(10, TimeUnit.SECONDS);
      giveBackWaiting();
      giveBackInHand();
      workers.awaitIdle(settings.gracePeriod());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      workers.running().forEach(this::giveBack);
      awaitInterrupted();
      watchdog.close();
      endings.close();
      published.withdraw();
      closeGate();
      // Not before: a loss must reach the handlers that are still at work.
      close(losses);
    }
  }

  private static void close(@Nullable Subscription subscription) {
    if (subscription != null) {
      subscription.close();
    }
  }

  private void closeGate() {
    try {
      gatekeeper.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Handlers that react to the interrupt may still write their end, if they were first. */
  private void awaitInterrupted() {
    try {
      workers.awaitIdle(AFTER_INTERRUPT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void giveBack(ActiveRun run) {
    if (run.end()) {
      endings.submit(new Ending.Released(run.job(), true), run.isCommitted());
    }
    run.cancel();
  }
}
