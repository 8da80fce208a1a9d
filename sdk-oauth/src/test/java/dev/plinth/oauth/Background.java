package dev.plinth.oauth;

import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/** Work on a thread of its own. */
final class Background {
  private Background() {}

  static <T> Future<T> run(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread thread = new Thread(task, "background");
    thread.setDaemon(true);
    thread.start();
    return task;
  }
}
