package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.core.tx.Tx;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells gatekeepers that jobs wait for them, or that limits or pauses have changed. Only a hint:
 * everyone polls.
 */
final class GateHints {
  static final String TOPIC = "jobs.gate";

  /** Limits or pauses have changed; also what a listener hears after a reconnect. */
  static final String CHANGED = "";

  /** Jobs were parked. */
  static final String PARKED = "parked";

  private static final Logger log = LoggerFactory.getLogger(GateHints.class);

  private final Plinth plinth;
  private final CopyOnWriteArrayList<Consumer<String>> here = new CopyOnWriteArrayList<>();
  private final AtomicBoolean pending = new AtomicBoolean();

  GateHints(Plinth plinth) {
    this.plinth = plinth;
  }

  void listen(Consumer<String> listener) {
    here.add(listener);
  }

  void unlisten(Consumer<String> listener) {
    here.remove(listener);
  }

  /** Limits or pauses have changed once the transaction has committed: everyone should look. */
  void changed(Tx tx) {
    tx.afterCommit(() -> here.forEach(listener -> listener.accept(CHANGED)));
    plinth.notifications().send(tx, TOPIC, CHANGED);
  }

  /**
   * Jobs wait to be let through once the transaction has committed. The gatekeeper of this process
   * sees to it where there is one and the commit is seen; else the others are told.
   */
  void parked(Tx tx) {
    seenTo(tx);
    if (tx.isJoined() || !plinth.isStarted()) {
      plinth.notifications().send(tx, TOPIC, PARKED);
    }
  }

  /**
   * The same after a statement in auto-commit, whose transaction is over: nothing that may fail can
   * go along with it.
   */
  void parkedByOneStatement(Tx tx) {
    seenTo(tx);
    if (!plinth.isStarted()) {
      tx.afterCommit(this::send);
    }
  }

  private void seenTo(Tx tx) {
    tx.afterCommit(
        () -> {
          here.forEach(listener -> listener.accept(PARKED));
          if (here.isEmpty() && plinth.isStarted()) {
            tellOthers();
          }
        });
  }

  private void tellOthers() {
    if (!pending.compareAndSet(false, true)) {
      return;
    }
    try {
      plinth.executor().execute(this::send);
    } catch (RejectedExecutionException | IllegalStateException e) {
      pending.set(false);
      log.debug("Plinth is closing; other nodes will find the limited jobs by polling");
    }
  }

  private void send() {
    pending.set(false);
    try {
      plinth.transact(tx -> plinth.notifications().send(tx, TOPIC, PARKED));
    } catch (RuntimeException e) {
      log.debug("Other nodes will find the limited jobs by polling", e);
    }
  }
}
