package dev.plinth.jobs.internal;

import dev.plinth.core.Plinth;
import dev.plinth.jobs.DiscardException;
import dev.plinth.jobs.RetryPolicy;
import dev.plinth.jobs.SnoozeException;
import dev.plinth.jobs.Timeout;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
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
  private final Deadlines deadlines;
  private final Charging charging;
  private final int limit;
  private final Runnable hungry;
  private final Deque<Claimed> waiting = new ArrayDeque<>();
  private final Set<ActiveRun> running = ConcurrentHashMap.newKeySet();
  private volatile Consumer<Duration> timed = limit -> {};
  private volatile Runnable beginning = () -> {};
  private int threads;
  private int lowWater;

  Workers(
      Plinth plinth,
      Handlers handlers,
      Endings endings,
      Strays strays,
      RunSql runSql,
      Deadlines deadlines,
      Charging charging,
      int limit,
      Runnable hungry) {
    this.plinth = plinth;
    this.handlers = handlers;
    this.endings = endings;
    this.strays = strays;
    this.begun = new Begun(plinth);
    this.runSql = runSql;
    this.deadlines = deadlines;
    this.charging = charging;
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

  /** Told, on its thread, of every handler that is about to begin. */
  void onBegin(Runnable listener) {
    beginning = listener;
  }

  /** Runs a job on the calling thread, for whoever runs jobs by hand. */
  void runHere(Claimed claimed) {
    synchronized (this) {
      waiting.add(claimed);
      threads++;
    }
    work();
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

  /** Takes out those of these jobs that no worker has begun. */
  synchronized List<Claimed> takeOut(Set<UUID> jobs) {
    List<Claimed> taken = waiting.stream().filter(job -> jobs.contains(job.id())).toList();
    waiting.removeAll(taken);
    return taken;
  }

  /** What was claimed and has not ended here: it waits for a worker, or runs. */
  synchronized List<Claimed> held() {
    List<Claimed> held = new ArrayList<>(waiting);
    running.forEach(run -> held.add(run.job()));
    return held;
  }

  /** Has this called each time a handler begins that may take only so long. */
  void whenTimed(Consumer<Duration> listener) {
    timed = listener;
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
    run.settle();
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
    try {
      if (job.deadline() != null && deadlines.isPast(job)) {
        run.stop(new StopCause.DeadlinePassed(job.deadline()));
      }
    } catch (RuntimeException e) {
      log.debug("Job {} cannot begin now", job.id(), e);
      return new Ending.Released(job, false);
    }
    Duration timeout = timeout(job, handler);
    StopCause never = run.begin(timeout);
    if (never != null) {
      return Stopped.beforeItBegan(job, never);
    }
    if (timeout != null) {
      timed.accept(timeout);
    }
    beginning.run();
    run.chargedBy(charging.begin(plinth, run));
    try {
      Object result = handler.body().run(handlers.upcast(job, plinth.json()), run, plinth.json());
      StopCause cause = run.returned();
      return cause == null || run.isCompleting()
          ? completed(run, result)
          : Stopped.ending(run, cause, null, handler.kind().retryPolicy());
    } catch (Throwable e) {
      StopCause cause = run.returned();
      return cause == null || run.isCompleting()
          ? failed(run, handler, e)
          : Stopped.ending(run, cause, e, handler.kind().retryPolicy());
    }
  }

  private static @Nullable Duration timeout(Claimed job, Handlers.Handler handler) {
    if (job.timeout() != null) {
      return job.timeout();
    }
    return handler.kind().timeout() instanceof Timeout.Of of ? of.limit() : null;
  }

  /** How a run ends whose handler does not end by itself. */
  Ending endOf(ActiveRun run, StopCause cause) {
    return Stopped.ending(
        run,
        cause,
        new StillAtWorkException(run.stackTrace()),
        handlers.of(run.job().type()).kind().retryPolicy());
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
    if (thrown instanceof SnoozeException snooze) {
      return new Ending.Snoozed(run.job(), snooze.delay(), run.lastProgress());
    }
    if (thrown instanceof DiscardException) {
      return new Ending.Failed(
          run.job(), Failure.of(thrown), null, run.lastProgress(), Ending.Failed.Kind.DISCARDED);
    }
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

  static boolean isRetryable(RetryPolicy policy, Throwable thrown) {
    try {
      return policy.retryable().test(thrown);
    } catch (Throwable e) {
      log.warn("A retry policy failed to judge; the job is retried", e);
      return true;
    }
  }
}
