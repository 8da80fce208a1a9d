package dev.plinth.jobs;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Args;
import dev.plinth.jobs.internal.Dispatcher;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs jobs one after another on the calling thread, with the statements and the guarantees of
 * {@link Jobs#start()}: claims, epochs, fences, attempts, retries, batches. For tests, and for
 * programs that work off what is there and end. Made by {@link Jobs#runManually()}; ends with that
 * {@code Jobs}.
 *
 * <p>A handler is not interrupted, since there is no other thread to do it: neither when its
 * instance is declared dead in the meantime, which a test that moves the clock would bring about,
 * nor when its time is over or the job is cancelled. What it writes then is fenced as ever.
 *
 * <p>Safe for use by many threads, one at a time.
 */
public final class ManualRunner {
  /** How far a run has come; each is entered before the first statement of its kind. */
  public enum Stage {
    /** Does what any node may do: makes jobs ready whose time has come, rescues, folds. */
    SWEEPING,
    /** Claims a job. */
    CLAIMING,
    /** The claim is durable. */
    CLAIMED,
    /** The handler begins. */
    RUNNING,
    /** The handler has returned or thrown, and the end of the attempt is about to be written. */
    ENDING,
    /** The end is durable. */
    ENDED
  }

  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final long PAUSE_NANOS = 1_000_000L;

  private final Plinth plinth;
  private final Dispatcher dispatcher;
  private Consumer<Stage> watcher = stage -> {};

  ManualRunner(Plinth plinth, Dispatcher dispatcher) {
    this.plinth = plinth;
    this.dispatcher = dispatcher;
    dispatcher.startByHand(() -> watcher.accept(Stage.RUNNING), () -> watcher.accept(Stage.ENDING));
  }

  /** Tells the watcher, on the running thread, of every stage that is entered from now on. */
  public synchronized void watch(Consumer<Stage> watcher) {
    this.watcher = Args.notNull(watcher, "watcher");
  }

  /**
   * Makes jobs ready whose time has come, then claims the next one that is due and runs it. Blocks
   * until its end is durable. Higher priorities come first, then what was enqueued earlier; of
   * several queues, those with lesser names.
   *
   * @return the attempt; empty when nothing is due that this {@code Jobs} has a handler for
   * @throws IllegalStateException when the calling thread is in a transaction, since a job's claim
   *     must be durable before it runs; also when the heartbeat does not reach the database within
   *     a minute
   * @throws dev.plinth.core.PlinthException when the database refuses; call it again
   */
  public synchronized Optional<ManualRun> runOne() {
    prepare();
    dispatcher.readyByHand();
    watcher.accept(Stage.CLAIMING);
    @Nullable ManualRun claimed = dispatcher.claimByHand();
    if (claimed == null) {
      // Background work may have been waiting for background work.
      sweep();
      watcher.accept(Stage.CLAIMING);
      claimed = dispatcher.claimByHand();
    }
    if (claimed == null) {
      return Optional.empty();
    }
    watcher.accept(Stage.CLAIMED);
    dispatcher.runByHand();
    watcher.accept(Stage.ENDED);
    return Optional.of(claimed);
  }

  /**
   * Does what any node may do in the background, until nothing of it is left: makes jobs ready
   * whose time has come, rescues those of dead instances, folds the counters of batches.
   *
   * @throws IllegalStateException as {@link #runOne()} does
   */
  public synchronized void sweep() {
    prepare();
    dispatcher.sweepByHand();
  }

  private void prepare() {
    if (plinth.currentTransaction().isPresent()) {
      throw new IllegalStateException(
          "The calling thread is in a transaction, but jobs run outside: commit it first");
    }
    awaitInstance();
    watcher.accept(Stage.SWEEPING);
  }

  /** After a leap of the clock the instance is dead, and the next heartbeat makes another. */
  private void awaitInstance() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!plinth.instances().isAlive()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "No heartbeat has reached the database within "
                + PATIENCE.toSeconds()
                + " seconds, so this instance may claim nothing");
      }
      LockSupport.parkNanos(this, PAUSE_NANOS);
    }
  }
}
