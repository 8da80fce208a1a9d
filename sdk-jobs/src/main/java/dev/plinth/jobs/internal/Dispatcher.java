package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.tx.TxFunction;
import dev.plinth.core.tx.TxOptions;
import dev.plinth.jobs.JobId;
import dev.plinth.jobs.ManualRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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
  private final Claim claim;
  private final Endings endings;
  private final Workers workers;
  private final Prefetch prefetch;
  private final Signal signal = new Signal();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final List<Chore> chores = new ArrayList<>();
  private final Consumer<String> onHint = this::hinted;
  private final Chore promoting;
  private final Chore rescuing;
  private final Chore folding;
  private final Chore tidying;
  private final Chore adopting;
  private final List<Line> lines;
  private final UUID id;
  private final Strays strays;
  private @Nullable Subscription hints;
  private @Nullable Subscription losses;
  private @Nullable Claimed inHand;
  private @Nullable UUID registered;
  private volatile boolean stopping;

  /** Prepares; {@link #start()} begins. */
  public Dispatcher(
      Plinth plinth, DispatcherSettings settings, Statements statements, Handlers handlers) {
    this.plinth = plinth;
    this.settings = settings;
    this.statements = statements;
    this.claim = new Claim(plinth.schema(), handlers.versions());
    this.promoting = chore("promoting", settings.pollInterval(), statements.promote());
    this.rescuing =
        chore("rescuing", plinth.instances().timeToLive().dividedBy(4), statements.rescue());
    this.folding = chore("folding", settings.pollInterval(), statements.fold());
    this.id = plinth.ids().next();
    this.strays = statements.strays(plinth, id);
    this.tidying = chore("giving back", plinth.instances().timeToLive().dividedBy(4), strays);
    this.endings = statements.endings(plinth, strays, this::batchesTouched);
    RunSql runSql =
        new RunSql(plinth, statements.complete(), statements.progressRows(), this::batchesTouched);
    this.workers =
        new Workers(plinth, handlers, endings, strays, runSql, settings.workers(), signal::wake);
    this.prefetch = new Prefetch(settings.workers());
    this.adopting = chore("adopting claimers", ADOPT_EVERY, statements.claimers());
    this.lines = settings.queues().stream().map(queue -> new Line(claim.lanes(queue))).toList();
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
    losses = plinth.instances().onLost(workers::lost);
    plinth.executor().execute(this::loop);
  }

  private void hinted(String queue) {
    if (queue.isEmpty()) {
      folding.want(Duration.ZERO);
    }
    if (queue.isEmpty() || settings.queues().contains(queue)) {
      lines.stream()
          .filter(line -> queue.isEmpty() || line.lanes.queue().equals(queue))
          .forEach(line -> line.hinted.set(true));
      signal.wake();
    }
  }

  private void batchesTouched() {
    folding.want(Duration.ofMillis(20));
    signal.wake();
  }

  private void loop() {
    try {
      while (!stopping) {
        boolean more = turn();
        if (!more) {
          signal.await(jittered(settings.pollInterval()));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      log.warn("The dispatcher was interrupted: this node claims no more jobs");
    } finally {
      ended.countDown();
    }
  }

  /** One round; true when the next should follow at once. */
  private boolean turn() throws InterruptedException {
    try {
      endings.resubmit();
      workers.startWorkers();
      promoting.runIfDue();
      rescuing.runIfDue();
      folding.runIfDue();
      tidying.runIfDue();
      adopting.runIfDue();
      return claim();
    } catch (Throwable e) {
      log.warn("Jobs cannot be claimed now; trying again", e);
      signal.await(TimeUnit.MILLISECONDS.toNanos(200) + jittered(settings.pollInterval()));
      return !stopping;
    }
  }

  private <T> T alone(TxFunction<T, RuntimeException> work) {
    return plinth.transactSeparately(TxOptions.defaults().withAllTenants(), work);
  }

  private boolean claim() {
    if (prefetch.isStale(workers.running().size())) {
      workers.takeBack().forEach(job -> endings.submit(new Ending.Released(job, false)));
    }
    boolean full = false;
    for (Line line : lines) {
      int room = workers.room(prefetch.size());
      if (stopping || room < prefetch.least() || !plinth.instances().isAlive()) {
        continue;
      }
      List<Claimed> claimed = claim(line, room);
      if (!claimed.isEmpty()) {
        claimed.forEach(strays::know);
        prefetch.claimed(claimed.size() == room);
        if (stopping) {
          // close() may have taken back already what no worker has begun.
          claimed.forEach(job -> endings.submit(new Ending.Released(job, false)));
          return false;
        }
        workers.add(claimed);
        full |= claimed.size() == room;
      }
    }
    return full && workers.room(prefetch.size()) >= prefetch.least();
  }

  private List<Claimed> claim(Line line, int room) {
    UUID instance = registered();
    // Taken before the claim, so that what is hinted at meanwhile is looked at again.
    boolean hinted = line.hinted.getAndSet(false);
    List<Claimed> claimed = next(line, instance, room);
    if (line.isToBeLookedAt(claimed.size(), room, hinted)) {
      look(line);
      if (claimed.isEmpty()) {
        claimed = next(line, instance, room);
      }
    }
    return claimed;
  }

  /** This instance, which is among the claimers. */
  private UUID registered() {
    UUID instance = plinth.instances().id();
    if (!instance.equals(registered)) {
      alone(
          tx -> {
            statements.claimers().register(tx, instance);
            return true;
          });
      registered = instance;
    }
    return instance;
  }

  private void look(Line line) {
    alone(
        tx -> {
          line.lanes.look(tx);
          return true;
        });
    line.looked();
  }

  private List<Claimed> next(Line line, UUID instance, int room) {
    try {
      return alone(tx -> claim.next(tx, instance, id, line.lanes, room));
    } catch (RuntimeException | Error e) {
      strays.suspect();
      throw e;
    }
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
    ended.countDown();
  }

  /** Promotes, rescues, folds, and all else that any node may do, until nothing of it is left. */
  public void sweepByHand() {
    chores.forEach(Chore::runToTheEnd);
  }

  /** Claims the next job, of the queues in the order of their names; null when there is none. */
  public @Nullable ManualRun claimByHand() {
    if (stopping) {
      throw new IllegalStateException("Jobs is closed: build a new one");
    }
    giveBackInHand();
    List<Line> inOrder = new ArrayList<>(lines);
    inOrder.sort(Comparator.comparing(line -> line.lanes.queue()));
    for (Line line : inOrder) {
      UUID instance = registered();
      // Every time, so that no lane is unknown and the order is exact.
      look(line);
      List<Claimed> claimed = next(line, instance, 1);
      if (!claimed.isEmpty()) {
        Claimed job = claimed.get(0);
        strays.know(job);
        inHand = job;
        return new ManualRun(new JobId(job.id()), job.type(), job.attempt(), job.epoch());
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

  private static long jittered(Duration interval) {
    long nanos = interval.toNanos();
    return nanos / 2 + ThreadLocalRandom.current().nextLong(nanos / 2 + 1);
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
    try {
      ended.await(10, TimeUnit.SECONDS);
      workers.takeBack().forEach(job -> endings.submit(new Ending.Released(job, false)));
      giveBackInHand();
      workers.awaitIdle(settings.gracePeriod());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      workers.running().forEach(this::giveBack);
      awaitInterrupted();
      endings.close();
      // Not before: a loss must reach the handlers that are still at work.
      close(losses);
    }
  }

  private static void close(@Nullable Subscription subscription) {
    if (subscription != null) {
      subscription.close();
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
