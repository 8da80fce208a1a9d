package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.RetryPolicy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs claimed jobs, a bounded number at a time, on the executor's threads; an idle worker keeps no
 * thread. No connection is held while a handler runs.
 */
final class Workers {
  private static final Logger log = LoggerFactory.getLogger(Workers.class);

  private final Plinth plinth;
  private final Handlers handlers;
  private final Endings endings;
  private final Strays strays;
  private final Begun begun;
  private final RunSql runSql;
  private final int limit;
  private final Runnable hungry;
  private final Deque<Claimed> waiting = new ArrayDeque<>();
  private final Set<ActiveRun> running = ConcurrentHashMap.newKeySet();
  private int threads;
  private int lowWater;

  Workers(
      Plinth plinth,
      Handlers handlers,
      Endings endings,
      Strays strays,
      RunSql runSql,
      int limit,
      Runnable hungry) {
    this.plinth = plinth;
    this.handlers = handlers;
    this.endings = endings;
    this.strays = strays;
    this.begun = new Begun(plinth);
    this.runSql = runSql;
    this.limit = limit;
    this.hungry = hungry;
  }

  /** How many more jobs are wanted when so many may wait beyond those that run. */
  synchronized int room(int prefetch) {
    lowWater = prefetch / 2;
    return limit + prefetch - threads - waiting.size();
  }

  void add(List<Claimed> claimed) {
    synchronized (this) {
      waiting.addAll(claimed);
    }
    startWorkers();
  }

  /** Sees to it that enough work; repeated, because the executor may have refused before. */
  void startWorkers() {
    while (wantsWorker()) {
      // Without the lock: the executor is the host's, and may run the task at once or block.
      try {
        plinth.executor().execute(this::work);
      } catch (Throwable e) {
        leave();
        log.warn("The executor takes no worker for jobs now; it is asked again", e);
        return;
      }
    }
  }

  private synchronized boolean wantsWorker() {
    boolean wants = threads < limit && threads < waiting.size() + running.size();
    if (wants) {
      threads++;
    }
    return wants;
  }

  private synchronized void leave() {
    threads--;
    notifyAll();
  }

  /** Takes back what no worker has begun. */
  synchronized List<Claimed> takeBack() {
    List<Claimed> taken = new ArrayList<>(waiting);
    waiting.clear();
    return taken;
  }

  /** What was claimed and has not ended here: it waits for a worker, or runs. */
  synchronized List<Claimed> held() {
    List<Claimed> held = new ArrayList<>(waiting);
    running.forEach(run -> held.add(run.job()));
    return held;
  }

  /** The runs at work. */
  Set<ActiveRun> running() {
    return Set.copyOf(running);
  }

  /** True when nothing waits and nobody works. */
  synchronized boolean isIdle() {
    return threads == 0 && waiting.isEmpty();
  }

  synchronized void awaitIdle(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    for (long left = atMost.toNanos(); left > 0 && !isIdle(); left = deadline - System.nanoTime()) {
      wait(left / 1_000_000 + 1);
    }
  }

  /** The instance was declared dead: what it held is in other hands. */
  void lost(UUID instance) {
    synchronized (this) {
      waiting.removeIf(
          job -> {
            boolean lost = job.instanceId().equals(instance);
            if (lost) {
              strays.forget(job);
            }
            return lost;
          });
    }
    running.stream()
        .filter(run -> run.job().instanceId().equals(instance))
        .forEach(
            run -> {
              run.end();
              run.cancel();
            });
  }

  private void work() {
    boolean left = false;
    try {
      for (ActiveRun run = next(); run != null; run = next()) {
        run(run);
      }
      left = true;
    } finally {
      if (!left) {
        leave();
      }
    }
  }

  /** Null when nothing waits; the calling thread has left then. */
  private synchronized @Nullable ActiveRun next() {
    Claimed job = waiting.poll();
    ActiveRun run = null;
    if (job == null) {
      leave();
    } else {
      // Under the lock, so that a job is always among those that wait or those that run.
      run = new ActiveRun(job, runSql, handlers.of(job.type()).resultType());
      running.add(run);
    }
    if (waiting.size() <= lowWater) {
      hungry.run();
    }
    return run;
  }

  private void run(ActiveRun run) {
    Ending ending;
    try {
      ending = ended(run);
    } finally {
      run.leave();
      running.remove(run);
    }
    if (!run.end()) {
      // It was released or lost, and has its end already.
      strays.forget(run.job());
    } else {
      try {
        endings.submit(ending, run.isCommitted());
      } catch (IllegalStateException e) {
        log.warn("Job {} ended too late to be written; it will run again", run.job().id(), e);
      }
    }
  }

  private Ending ended(ActiveRun run) {
    Claimed job = run.job();
    if (!plinth.instances().isAlive(job.instanceId()) || !isMarked(job)) {
      // Others may have taken it over already; if not, they can have it.
      return new Ending.Released(job, false);
    }
    Handlers.Handler handler = handlers.of(job.type());
    run.begin();
    try {
      return completed(run, handler.body().run(job.args(), run, plinth.json()));
    } catch (Throwable e) {
      return failed(run, handler, e);
    }
  }

  /** The mark must be durable before the handler begins, or else the job is given back. */
  private boolean isMarked(Claimed job) {
    try {
      return begun.mark(job);
    } catch (RuntimeException e) {
      log.debug("Job {} cannot begin now", job.id(), e);
      return false;
    }
  }

  private Ending completed(ActiveRun run, @Nullable Object result) {
    if (run.isCompleting()) {
      // Either its transaction has committed, and this changes nothing, or the handler's effects
      // were rolled back, and the job must run again. A commit that is known of proves nothing: the
      // completion may have been rolled back to a savepoint.
      return failure(
          run,
          new IllegalStateException(
              "completeIn was called, but its transaction did not commit before the handler"
                  + " returned"),
          handlers.of(run.job().type()).kind().retryPolicy());
    }
    return new Ending.Completed(
        run.job(), result == null ? null : plinth.json().write(result), run.lastProgress());
  }

  private static Ending failed(ActiveRun run, Handlers.Handler handler, Throwable thrown) {
    // Only its class: what it prints may itself fail.
    log.debug(
        "Attempt {} at job {} failed: {}",
        run.attempt(),
        run.job().id(),
        thrown.getClass().getName());
    return failure(run, thrown, handler.kind().retryPolicy());
  }

  private static Ending failure(ActiveRun run, Throwable thrown, RetryPolicy policy) {
    boolean again = run.attempt() < run.maxAttempts() && isRetryable(policy, thrown);
    return new Ending.Failed(
        run.job(),
        Failure.of(thrown),
        again ? policy.delayAfter(run.attempt()) : null,
        run.lastProgress());
  }

  private static boolean isRetryable(RetryPolicy policy, Throwable thrown) {
    try {
      return policy.retryable().test(thrown);
    } catch (Throwable e) {
      log.warn("A retry policy failed to judge; the job is retried", e);
      return true;
    }
  }
}
