package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.Tx;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
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

  private final Plinth plinth;
  private final CopyOnWriteArrayList<Consumer<String>> here = new CopyOnWriteArrayList<>();
  private final Set<String> pending = ConcurrentHashMap.newKeySet();

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
   * The queue has work once the transaction has committed. A started Plinth tells the others after
   * the commit, many enqueuings in one notification: NOTIFY inside each transaction would make
   * their commits wait for one another. Where no commit may be seen here, it goes with the
   * transaction.
   */
  void ready(Tx tx, String queue) {
    tx.afterCommit(() -> here.forEach(listener -> listener.accept(queue)));
    if (tx.isJoined() || !plinth.isStarted()) {
      plinth.notifications().send(tx, TOPIC, queue);
    } else {
      tx.afterCommit(() -> tellOthers(queue));
    }
  }

  /** Some dispatcher of this process should look around once the transaction has committed. */
  void anything(Tx tx) {
    tx.afterCommit(() -> here.forEach(listener -> listener.accept("")));
  }

  private void tellOthers(String queue) {
    if (!pending.add(queue)) {
      return;
    }
    try {
      plinth.executor().execute(() -> send(queue));
    } catch (RejectedExecutionException | IllegalStateException e) {
      pending.remove(queue);
      log.debug("Plinth is closing; other nodes will find the jobs of {} by polling", queue);
    }
  }

  private void send(String queue) {
    pending.remove(queue);
    try {
      plinth.transact(tx -> plinth.notifications().send(tx, TOPIC, queue));
    } catch (RuntimeException e) {
      log.debug("Other nodes will find the jobs of {} by polling", queue, e);
    }
  }
}
