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
import java.util.Set;
import java.util.concurrent.CountDownLatch;
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

  /** A node that has not been able to ask for this long no longer trusts what it remembers. */
  static final Duration TRUSTED_FOR = Duration.ofSeconds(5);

  /** Rows stay at least this long, and a node that was silent for half of it forgets everything. */
  private static final Duration KEPT_FOR = Duration.ofMinutes(10);

  private static final int MOST_AT_ONCE = 1_000;
  private static final Duration CLOSES_WITHIN = Duration.ofSeconds(5);

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
  private volatile long current = never();
  private ChangeRows.@Nullable Moment seen;
  private boolean failing;

  /** Opens nothing yet. */
  public ChangeFeed(
      Settings settings, Transactions transactions, Notifications notifications, Threads threads) {
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
   * that was answered is not older than five seconds.
   */
  public boolean isCurrent() {
    return System.nanoTime() - current < TRUSTED_FOR.toNanos();
  }

  /** Removes rows that every node has seen, unless it was silent for so long that it forgets. */
  public void purge() {
    transactions.inNew(TxOptions.defaults(), tx -> rows.purge(tx, horizons.old()));
  }

  @Override
  public void start() {
    threads.execute(this::run);
    running = true;
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
        ask(began);
        TimeUnit.NANOSECONDS.sleep(AT_MOST_EVERY.toNanos());
        long rest = PERIOD.toNanos() - (System.nanoTime() - began);
        if (wakeUps.tryAcquire(Math.max(rest, 0), TimeUnit.NANOSECONDS)) {
          wakeUps.drainPermits();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      current = never();
      ended.countDown();
    }
  }

  private void ask(long began) {
    try {
      ChangeRows.Moment then = began - current > KEPT_FOR.toNanos() / 2 ? null : seen;
      seen = then == null ? begin() : next(then);
      horizons.add(seen.horizon(), began);
      current = began;
      if (failing) {
        failing = false;
        log.info("Changes made by other nodes are seen again");
      }
    } catch (RuntimeException e) {
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

  private ChangeRows.Moment begin() {
    horizons.forget();
    ChangeRows.Moment now = transactions.inNew(TxOptions.defaults(), rows::moment);
    listeners.tellEverything();
    return now;
  }

  private ChangeRows.Moment next(ChangeRows.Moment then) {
    ChangeRows.News news =
        transactions.inNew(TxOptions.defaults(), tx -> rows.since(tx, then, MOST_AT_ONCE));
    if (news.now().horizon() < then.horizon()) {
      return begin();
    }
    if (news.changes().size() == MOST_AT_ONCE) {
      listeners.tellEverything();
    } else {
      listeners.tell(news.changes());
    }
    return news.now();
  }

  private static long never() {
    return System.nanoTime() - KEPT_FOR.toNanos();
  }
}
