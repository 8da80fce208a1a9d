package dev.plinth.core.internal.tx;

import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Callbacks that wait for a commit. Used by one thread. */
final class Callbacks {
  private static final Logger log = LoggerFactory.getLogger(Callbacks.class);

  private List<Runnable> waiting = new ArrayList<>();

  void add(Runnable callback) {
    waiting.add(callback);
  }

  void forget() {
    waiting = new ArrayList<>();
  }

  void run() {
    List<Runnable> due = waiting;
    forget();
    for (Runnable callback : due) {
      try {
        callback.run();
      } catch (Throwable e) {
        // Errors too: whatever reached the caller would tell it that its work is not committed.
        log.warn("An after-commit callback failed; the transaction is committed all the same", e);
      }
    }
  }
}
