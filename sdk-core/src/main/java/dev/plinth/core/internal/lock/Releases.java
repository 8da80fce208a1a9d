package dev.plinth.core.internal.lock;

import dev.plinth.core.notify.Notifications;
import dev.plinth.core.tx.Tx;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Where the threads of this node wait for locks: in one line for each name, whose head alone asks
 * the database, and is woken when it hears of a release. Safe for use by many threads.
 */
final class Releases {
  private static final String TOPIC = "core.lock";

  /** The line for one name; there as long as somebody stands in it. */
  static final class Line {
    private final ReentrantLock head = new ReentrantLock(true);
    private final Semaphore released = new Semaphore(0);
    private int standing;

    /** False when the time was over before those in front were served. */
    boolean reachHead(long nanos) throws InterruptedException {
      return head.tryLock(nanos, TimeUnit.NANOSECONDS);
    }

    void leaveHead() {
      head.unlock();
    }

    /** Returns at a release, or when the time is over. */
    void awaitRelease(long nanos) throws InterruptedException {
      if (released.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
        released.drainPermits();
      }
    }
  }

  private final Notifications notifications;
  private final Map<String, Line> lines = new ConcurrentHashMap<>();

  Releases(Notifications notifications) {
    this.notifications = notifications;
    notifications.subscribe(TOPIC, this::heard);
  }

  /** The caller must {@link #leave} it. */
  Line join(String name) {
    return lines.compute(
        name,
        (key, there) -> {
          Line line = there == null ? new Line() : there;
          line.standing++;
          return line;
        });
  }

  void leave(String name) {
    lines.computeIfPresent(name, (key, line) -> --line.standing == 0 ? null : line);
  }

  /** Tells this node when the transaction has committed, and the others where somebody waits. */
  void announce(Tx tx, String name, boolean awaited) {
    tx.afterCommit(() -> wake(lines.get(name)));
    if (awaited) {
      notifications.send(tx, TOPIC, name);
    }
  }

  /** Without a name something may have been missed, of whatever lock. */
  private void heard(String name) {
    if (name.isEmpty()) {
      lines.values().forEach(Releases::wake);
    } else {
      wake(lines.get(name));
    }
  }

  private static void wake(@Nullable Line line) {
    if (line != null) {
      line.released.release();
    }
  }
}
