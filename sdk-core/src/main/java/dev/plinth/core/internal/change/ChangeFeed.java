package dev.plinth.core.internal.change;

import dev.plinth.core.event.Events.Subscription;
import dev.plinth.core.internal.Lifecycle;
import dev.plinth.core.internal.Settings;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.notify.Notifications;
import dev.plinth.core.tx.Tx;
import dev.plinth.core.tx.TxOptions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells this node's caches what has changed anywhere: asks the database once a second, and at once
 * when a notification says that there is something. The notification carries nothing, so one that
 * is lost costs time and nothing else. Safe for use by many threads.
 */
public final class ChangeFeed implements Lifecycle {
  /** Who is told. Called on the feed's thread or on one that has committed; must not block. */
  public interface Listener {
    /** Entries with these keys have changed. */
    void changed(Set<String> keys);

    /** Any entry may have changed. */
    void everythingChanged();
  }

  private static final Logger log = LoggerFactory.getLogger(ChangeFeed.class);
  private static final String TOPIC = "plinth.changes";

  /** Beginning to beginning, so that a change is seen within a second. */
  private static final Duration PERIOD = Duration.ofMillis(800);

  /** Notifications that come faster than this are answered together. */
  private static final Duration AT_MOST_EVERY = Duration.ofMillis(20);

  /**
   * A node without an answer for this long, by either of its clocks, no longer trusts what it
   * remembers, and with the next answer forgets it.
   */
  static final Duration TRUSTED_FOR = Duration.ofSeconds(5);

  /** Rows stay at least this long, which leaves room for clocks that are wrong. */
  private static final Duration KEPT_FOR = Duration.ofMinutes(10);

  private static final int MOST_AT_ONCE = 1_000;
  private static final Duration CLOSES_WITHIN = Duration.ofSeconds(5);

  /** An answer and when it was asked for. */
  private record Answer(Asked asked, ChangeRows.News news) {}

  private final InstantSource clock;
  private final Transactions transactions;
  private final Notifications notifications;
  private final Threads threads;
  private final ChangeRows rows;
  private final ChangeListeners listeners = new ChangeListeners();
  private final Horizons horizons = new Horizons(KEPT_FOR);
  private final Semaphore wakeUps = new Semaphore(0);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean running;
  private volatile boolean closing;
  private volatile @Nullable Asked last;
  private ChangeRows.@Nullable Moment seen;
  private boolean failing;

  /** Opens nothing yet. */
  public ChangeFeed(
      Settings settings, Transactions transactions, Notifications notifications, Threads threads) {
    this.clock = settings.clock();
    this.transactions = transactions;
    this.notifications = notifications;
    this.threads = threads;
    this.rows = new ChangeRows(settings.schema());
    notifications.subscribe(TOPIC, nothing -> wakeUps.release());
  }

  /** Tells the listener of every change of this topic, from now on. */
  public Subscription listen(String topic, Listener listener) {
    return listeners.add(topic, listener);
  }

  /** True between start and close, whether or not the database answers. */
  public boolean isRunning() {
    return running;
  }

  /**
   * For whoever changes what the triggers note: has every node ask at once, and tells this one's
   * caches before the call that commits returns. Where the end of a joined transaction cannot be
   * seen, this node learns it as the others do.
   *
   * @param key which entry, or null for all
   */
  public void announce(Tx tx, String topic, @Nullable String key) {
    notifications.send(tx, TOPIC, "");
    tx.afterCommit(() -> listeners.tell(topic, key == null ? null : Set.of(key)));
  }

  /**
   * True while what was cached may be trusted: the feed runs, and the last question to the database
   * that was answered is not older than five seconds, by the monotonic clock and by wall time.
   */
  public boolean isCurrent() {
    return isTrusted(last);
  }

  /** Removes rows that every node has seen, unless it was silent for so long that it forgets. */
  public void purge() {
    transactions.inNew(TxOptions.defaults(), tx -> rows.purge(tx, horizons.old()));
  }

  @Override
  public void start() {
    running = true;
    try {
      threads.execute(this::run);
    } catch (RejectedExecutionException e) {
      running = false;
      throw e;
    }
  }

  @Override
  public void close() {
    closing = true;
    boolean began = running;
    running = false;
    wakeUps.release();
    try {
      if (began && !ended.await(CLOSES_WITHIN.toNanos(), TimeUnit.NANOSECONDS)) {
        log.warn("The database does not answer; the thread that asks it for changes goes on");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!closing) {
        long began = System.nanoTime();
        ask();
        TimeUnit.NANOSECONDS.sleep(AT_MOST_EVERY.toNanos());
        long rest = PERIOD.toNanos() - (System.nanoTime() - began);
        if (wakeUps.tryAcquire(Math.max(rest, 0), TimeUnit.NANOSECONDS)) {
          wakeUps.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      last = null;
      running = false;
      ended.countDown();
    }
  }

  private void ask() {
    try {
      ChangeRows.Moment then = seen;
      // Inside, since a connection may be long in coming.
      Answer answer =
          transactions.inNew(
              TxOptions.defaults(),
              tx ->
                  new Answer(
                      Asked.now(clock),
                      then == null ? rows.first(tx) : rows.since(tx, then, MOST_AT_ONCE)));
      take(then, answer);
      if (failing) {
        failing = false;
        log.info("Changes made by other nodes are seen again");
      }
    } catch (Throwable e) {
      // The next answer may come from another server, which counts transactions differently.
      seen = null;
      if (!failing && !closing) {
        failing = true;
        log.warn(
            "The database cannot be asked for changes: permissions are soon read uncached, settings"
                + " keep their last values",
            e);
      }
    }
  }

  /**
   * Everything is forgotten before the answer counts. Its age is judged now: also while the
   * question was under way the machine may have slept, and rows been removed.
   */
  private void take(ChangeRows.@Nullable Moment then, Answer answer) {
    ChangeRows.Moment now = answer.news().now();
    boolean follows = then != null && now.follows(then) && isTrusted(last);
    if (!follows) {
      horizons.forget();
    }
    if (follows && answer.news().changes().size() < MOST_AT_ONCE) {
      listeners.tell(answer.news().changes());
    } else {
      listeners.tellEverything();
    }
    horizons.add(now.horizon(), answer.asked().nanos());
    seen = now;
    last = answer.asked();
  }

  private boolean isTrusted(@Nullable Asked asked) {
    return asked != null && asked.isWithin(TRUSTED_FOR, clock);
  }
}
