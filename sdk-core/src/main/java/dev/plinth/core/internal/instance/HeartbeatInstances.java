package dev.plinth.core.internal.instance;

import dev.plinth.core.PlinthException;
import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.id.UuidV7;
import dev.plinth.core.instance.Instance;
import dev.plinth.core.instance.Instances;
import dev.plinth.core.internal.Lifecycle;
import dev.plinth.core.internal.Rounds;
import dev.plinth.core.internal.Settings;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Args;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers this incarnation, beats for it, and declares others dead whose heartbeat is overdue.
 * Safe for use by many threads; one thread beats.
 */
public final class HeartbeatInstances implements Instances, Lifecycle {
  private static final Logger log = LoggerFactory.getLogger(HeartbeatInstances.class);

  /** Ended instances are of interest to people for as long as they look into an incident. */
  private static final Duration KEPT = Duration.ofDays(30);

  private static final int BEATS = 4;
  private static final int BEATS_AFTER_FAILURE = 20;

  private final String name;
  private final Duration timeToLive;
  private final InstantSource clock;
  private final UuidV7 ids;
  private final InstanceRows rows;
  private final Rounds beats;
  private final List<Consumer<UUID>> listeners = new CopyOnWriteArrayList<>();
  private volatile @Nullable Incarnation current;
  private volatile boolean ended;
  private volatile Duration pause;
  private boolean failing;

  /** Opens nothing yet. */
  public HeartbeatInstances(
      Settings settings, Transactions transactions, UuidV7 ids, Threads threads) {
    this.name = settings.nodeName();
    this.timeToLive = settings.timeToLive();
    this.clock = settings.clock();
    this.ids = ids;
    this.rows = new InstanceRows(transactions, settings.schema());
    this.pause = pauseAfter(true);
    this.beats = new Rounds(threads, "A heartbeat", this::round, () -> pause);
  }

  @Override
  public void start() {
    register();
    try {
      beats.start();
    } catch (RejectedExecutionException e) {
      rows.stop(id());
      current = null;
      throw e;
    }
  }

  @Override
  public void close() {
    beats.close();
    ended = true;
    Incarnation last = current;
    if (last == null) {
      return;
    }
    try {
      rows.stop(last.id());
    } catch (PlinthException e) {
      log.warn(
          "Instance {} could not sign off; others declare it dead within {}",
          last.id(),
          timeToLive,
          e);
    }
  }

  @Override
  public UUID id() {
    Incarnation last = current;
    if (last == null) {
      throw new IllegalStateException("There is no instance yet: call plinth.start() first");
    }
    return last.id();
  }

  @Override
  public boolean isAlive() {
    return isAlive(current);
  }

  @Override
  public boolean isAlive(UUID id) {
    Args.notNull(id, "id");
    Incarnation last = current;
    return last != null && last.id().equals(id) && isAlive(last);
  }

  private boolean isAlive(@Nullable Incarnation last) {
    if (ended || last == null) {
      return false;
    }
    boolean trusted = last.isTrusted(clock);
    if (!trusted && last.isTrustedMonotonically()) {
      beats.soon();
    }
    return trusted;
  }

  @Override
  public Duration timeToLive() {
    return timeToLive;
  }

  @Override
  public Optional<Instance> find(UUID id) {
    return rows.find(Args.notNull(id, "id"));
  }

  @Override
  public Subscription onLost(Consumer<UUID> listener) {
    Args.notNull(listener, "listener");
    // One of its own for every call: closing it leaves an equal listener in place.
    Consumer<UUID> own = id -> tell(listener, id);
    listeners.add(own);
    return () -> listeners.remove(own);
  }

  /** Removes the rows of instances that ended long ago. */
  public void purge() {
    rows.purge(KEPT);
  }

  private void register() {
    Incarnation born = Incarnation.sending(ids.next(), clock, timeToLive);
    rows.insert(born.id(), name, timeToLive);
    current = born;
  }

  /** There is always another; it comes sooner if this one fails. */
  private boolean round() {
    pause = pauseAfter(false);
    if (beat()) {
      pause = pauseAfter(true);
    }
    return true;
  }

  /** At random within a tenth, so that nodes that started together do not beat together. */
  private Duration pauseAfter(boolean good) {
    long nanos = timeToLive.dividedBy(good ? BEATS : BEATS_AFTER_FAILURE).toNanos();
    return Duration.ofNanos(nanos - ThreadLocalRandom.current().nextLong(nanos / 10 + 1));
  }

  /** One heartbeat; false when the database did not take it, so that the next comes sooner. */
  private boolean beat() {
    try {
      UUID id = id();
      Incarnation next = Incarnation.sending(id, clock, timeToLive);
      if (rows.beat(id, timeToLive)) {
        current = next;
      } else {
        register();
        lost(id);
      }
      rows.sweep().forEach(HeartbeatInstances::logSwept);
      recovered();
      return true;
    } catch (Throwable e) {
      failed(e);
      return false;
    }
  }

  private void lost(UUID id) {
    log.warn(
        "Instance {} was dead by the database's clock: its heartbeat came later than {} after the"
            + " one before; this node goes on as {}",
        id,
        timeToLive,
        id());
    listeners.forEach(listener -> listener.accept(id));
  }

  private static void tell(Consumer<UUID> listener, UUID id) {
    try {
      listener.accept(id);
    } catch (Throwable e) {
      log.warn("A listener to the loss of an instance failed", e);
    }
  }

  private static void logSwept(InstanceRows.Swept dead) {
    log.warn("Instance {} ({}) is dead: its heartbeat is overdue", dead.id(), dead.name());
  }

  /** Once per outage, not once per beat. */
  private void failed(Throwable e) {
    if (failing) {
      log.debug("The heartbeat still fails", e);
      return;
    }
    failing = true;
    log.warn(
        "The heartbeat of instance {} failed; unless one succeeds within {} of the last, others"
            + " take over what it holds",
        id(),
        timeToLive,
        e);
  }

  private void recovered() {
    if (failing) {
      failing = false;
      log.info("The heartbeat succeeds again, as instance {}", id());
    }
  }
}
