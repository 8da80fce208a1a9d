package dev.plinth.core.internal.batch;

import dev.plinth.core.batch.GroupCommit;
import dev.plinth.core.internal.Threads;
import dev.plinth.core.internal.tx.Transactions;
import dev.plinth.core.spi.Args;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The first caller that finds nobody leading commits what has gathered, its own item and those of
 * others, then appoints one of those who still wait. Only items that nobody waits for need a thread
 * of the executor, and a caller who comes before that thread leads in its stead. Where many take
 * part, a leader gives them a moment to gather.
 *
 * <p>Outcomes are told after leadership was passed on, so a callback may hand in items itself.
 */
public final class LeaderCommit<T, R> implements GroupCommit<T, R> {
  private final String name;
  private final int maxBatch;
  private final int maxWaiting;
  private final BatchWriter<T, R> writer;
  private final Transactions transactions;
  private final Threads threads;
  private final BatchCounts counts;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Condition resting = lock.newCondition();
  private final Deque<Entry<T, R>> queue = new ArrayDeque<>();
  private final Gathering gathering;
  private boolean leading;
  private boolean scheduled;
  private boolean closed;

  /** One whose batches nobody counts. */
  public LeaderCommit(
      String name,
      int maxBatch,
      int maxWaiting,
      Batch<T, R> batch,
      Transactions transactions,
      Threads threads) {
    this(name, maxBatch, maxWaiting, batch, transactions, threads, new BatchCounts());
  }

  /** See {@link dev.plinth.core.Plinth#groupCommit}. */
  public LeaderCommit(
      String name,
      int maxBatch,
      int maxWaiting,
      Batch<T, R> batch,
      Transactions transactions,
      Threads threads,
      BatchCounts counts) {
    this.name = Args.text(name, 100, "name");
    this.maxBatch = Args.range(maxBatch, 1, 1_000_000, "maxBatch");
    this.maxWaiting = Args.range(maxWaiting, 1, 10_000_000, "maxWaiting");
    this.writer = new BatchWriter<>(Args.notNull(batch, "batch"), transactions);
    this.transactions = transactions;
    this.threads = threads;
    this.counts = counts;
    this.gathering = new Gathering(maxBatch);
  }

  @Override
  public R call(T item) {
    Args.notNull(item, "item");
    refuseInTransaction();
    Entry<T, R> entry = new Entry<>(item, Thread.currentThread());
    boolean leads = enqueue(entry);
    boolean interrupted = false;
    while (!entry.future.isDone()) {
      if (leads || entry.takeAppointment()) {
        leads = false;
        gathering.await(this::size);
        leadAndSchedule();
      } else {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return result(entry.future);
  }

  @Override
  public CompletableFuture<R> submit(T item) {
    Args.notNull(item, "item");
    refuseInTransaction();
    Entry<T, R> entry = new Entry<>(item, null);
    if (enqueue(entry)) {
      schedule();
    }
    return entry.future;
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      room.signalAll();
    } finally {
      lock.unlock();
    }
    while (leadsRest()) {
      lead();
    }
  }

  /** True when the caller of close must lead; returns false when nothing is left. */
  private boolean leadsRest() {
    lock.lock();
    try {
      while (leading) {
        resting.awaitUninterruptibly();
      }
      leading = !queue.isEmpty();
      return leading;
    } finally {
      lock.unlock();
    }
  }

  private void refuseInTransaction() {
    if (transactions.isInTransaction()) {
      throw new IllegalStateException(
          "The calling thread is in a transaction, but what "
              + name
              + " writes is committed apart from it, on another connection that the pool may not"
              + " have: call it after the commit, with tx.afterCommit(…)");
    }
  }

  /**
   * Queues the entry once there is room, leading a batch where nobody else would make some.
   *
   * @return true when somebody must be found to lead: the caller itself, which then leads already,
   *     or, where nobody waits for the entry, a thread of the executor
   */
  private boolean enqueue(Entry<T, R> entry) {
    while (true) {
      lock.lock();
      try {
        if (closed) {
          throw new IllegalStateException("The group commit " + name + " is closed");
        }
        if (queue.size() < maxWaiting) {
          return add(entry);
        }
        if (leading) {
          room.awaitUninterruptibly();
          continue;
        }
        leading = true;
      } finally {
        lock.unlock();
      }
      leadAndSchedule();
    }
  }

  private boolean add(Entry<T, R> entry) {
    queue.add(entry);
    if (leading) {
      return false;
    }
    if (entry.caller != null) {
      leading = true;
      return true;
    }
    boolean first = !scheduled;
    scheduled = true;
    return first;
  }

  /** Has a thread of the executor lead; the calling one if there is none. */
  private void schedule() {
    try {
      threads.execute(this::leadScheduled);
    } catch (RejectedExecutionException e) {
      leadScheduled();
    }
  }

  private void leadScheduled() {
    boolean more = true;
    while (more && beginsScheduled()) {
      more = lead();
    }
  }

  private boolean beginsScheduled() {
    lock.lock();
    try {
      scheduled = false;
      if (leading || queue.isEmpty()) {
        return false;
      }
      leading = true;
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void leadAndSchedule() {
    if (lead()) {
      schedule();
    }
  }

  /**
   * Commits one batch, passes leadership on, then tells the outcomes.
   *
   * @return true when items are left that nobody waits for, and the calling thread must see to it
   *     that they are scheduled
   */
  private boolean lead() {
    List<Entry<T, R>> entries = take();
    long begun = System.nanoTime();
    List<Entry.Outcome<R>> outcomes = writer.write(entries);
    gathering.written(entries.size() + size(), System.nanoTime() - begun);
    counts.batch(entries.size());
    boolean schedules = passOn();
    for (int i = 0; i < entries.size(); i++) {
      entries.get(i).complete(outcomes.get(i));
    }
    return schedules;
  }

  private int size() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  private List<Entry<T, R>> take() {
    lock.lock();
    try {
      List<Entry<T, R>> entries = new ArrayList<>(Math.min(maxBatch, queue.size()));
      while (entries.size() < maxBatch && !queue.isEmpty()) {
        entries.add(queue.remove());
      }
      room.signalAll();
      return entries;
    } finally {
      lock.unlock();
    }
  }

  /** Appoints one who waits; true when the executor must be asked instead. */
  private boolean passOn() {
    lock.lock();
    try {
      Entry<T, R> successor = closed ? null : firstWithCaller();
      if (successor != null) {
        successor.appoint();
        return false;
      }
      leading = false;
      resting.signalAll();
      room.signalAll();
      boolean schedules = !queue.isEmpty() && !scheduled && !closed;
      scheduled |= schedules;
      return schedules;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Entry<T, R> firstWithCaller() {
    for (Entry<T, R> entry : queue) {
      if (entry.caller != null) {
        return entry;
      }
    }
    return null;
  }

  private static <R> R result(CompletableFuture<R> done) {
    try {
      return done.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw e;
    }
  }
}
