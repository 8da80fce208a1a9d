package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.notify.PreparedNotification;
import dev.plinth.core.spi.Sql;
import dev.plinth.core.tx.Tx;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells dispatchers, here and on other nodes, that a queue has got work. Only a hint: everyone
 * polls.
 */
final class Hints {
  static final String TOPIC = "jobs.ready";
  private static final Logger log = LoggerFactory.getLogger(Hints.class);
  private static final long PAUSE_NANOS = 2_000_000;

  /** The jobs are durable; whether the hint survives a crash of the server does not matter. */
  private static final String NOT_DURABLE =
      "SELECT pg_catalog.set_config('synchronous_commit', 'off', true)";

  private final Plinth plinth;
  private final CopyOnWriteArrayList<Consumer<String>> here = new CopyOnWriteArrayList<>();
  private final Set<String> pending = ConcurrentHashMap.newKeySet();
  private volatile boolean afterCommit;
  private final AtomicBoolean sending = new AtomicBoolean();
  private final AtomicLong sentAt = new AtomicLong(System.nanoTime() - PAUSE_NANOS);

  Hints(Plinth plinth) {
    this.plinth = plinth;
  }

  void listen(Consumer<String> listener) {
    here.add(listener);
  }

  void unlisten(Consumer<String> listener) {
    here.remove(listener);
  }

  /**
   * The queue has work once the transaction has committed. The notification goes with the
   * transaction, which is the fastest way, where none was sent a moment ago, and where no commit
   * may be seen here. Under load a started Plinth tells the others after the commit, many
   * enqueuings in one notification: NOTIFY inside each transaction would make their commits wait
   * for one another.
   */
  void ready(Tx tx, String queue) {
    if (goesAlong(tx, queue)) {
      plinth.notifications().send(tx, TOPIC, queue);
    }
  }

  /** The same for a statement that sends the notification itself, where there is one to send. */
  Optional<PreparedNotification> readyBy(Tx tx, String queue) {
    return goesAlong(tx, queue)
        ? Optional.of(plinth.notifications().prepare(TOPIC, queue))
        : Optional.empty();
  }

  private boolean goesAlong(Tx tx, String queue) {
    tx.afterCommit(() -> here.forEach(listener -> listener.accept(queue)));
    if (tx.isJoined() || !plinth.isStarted() || isQuiet()) {
      return true;
    }
    tx.afterCommit(() -> tellOthers(queue));
    return false;
  }

  /**
   * From now on a started Plinth tells others after the commit, so that no statement depends on
   * time.
   */
  void alwaysAfterCommit() {
    afterCommit = true;
  }

  /** True, for one caller at a time, when nothing was sent within the pause. */
  private boolean isQuiet() {
    if (afterCommit) {
      return false;
    }
    long last = sentAt.get();
    long now = System.nanoTime();
    return now - last >= PAUSE_NANOS && sentAt.compareAndSet(last, now);
  }

  /** Some dispatcher of this process should look around once the transaction has committed. */
  void anything(Tx tx) {
    tx.afterCommit(() -> here.forEach(listener -> listener.accept("")));
  }

  private void tellOthers(String queue) {
    pending.add(queue);
    if (sending.compareAndSet(false, true)) {
      try {
        plinth.executor().execute(this::sendAll);
      } catch (RejectedExecutionException | IllegalStateException e) {
        sending.set(false);
        log.debug("Plinth is closing; other nodes will find the jobs of {} by polling", queue);
      }
    }
  }

  /** At once where one enqueues now and then; under load, one for all that comes in a while. */
  private void sendAll() {
    do {
      while (!pending.isEmpty()) {
        send();
        LockSupport.parkNanos(this, PAUSE_NANOS);
      }
      sending.set(false);
    } while (!pending.isEmpty() && sending.compareAndSet(false, true));
  }

  private void send() {
    sentAt.set(System.nanoTime());
    List<String> queues = List.copyOf(pending);
    queues.forEach(pending::remove);
    try {
      plinth.transact(
          tx -> {
            Sql.query(tx.connection(), NOT_DURABLE, row -> row.getString(1));
            queues.forEach(queue -> plinth.notifications().send(tx, TOPIC, queue));
          });
    } catch (RuntimeException e) {
      log.debug("Other nodes will find the jobs of {} by polling", queues, e);
    }
  }
}
