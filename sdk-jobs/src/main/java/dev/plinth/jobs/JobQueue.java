package dev.plinth.jobs;

import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.tx.Tx;
import dev.plinth.jobs.schedule.Schedules;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What can be done with jobs from outside their handlers. {@link Jobs} is one that works in the
 * thread's current transaction or a short one of its own; {@link Jobs#in(Tx)} gives one that works
 * in a transaction at hand, with which everything commits or vanishes. Blocks; safe for use by many
 * threads, as far as the transaction is.
 *
 * <p>In a transaction with a tenant, jobs and batches are written for that tenant.
 */
public interface JobQueue {
  /** Enqueues a job with its kind's defaults. */
  default <A> JobId enqueue(JobKind<A> kind, A args) {
    return enqueue(kind, args, JobOptions.defaults());
  }

  /**
   * Enqueues a job. It exists when the transaction commits, and may begin at that moment. Outside
   * of any transaction it is durable when this returns, and threads that do so at the same time
   * share a commit.
   *
   * @throws dev.plinth.core.tx.OutcomeUnknownException outside of any transaction, when the
   *     connection was lost meanwhile and the job cannot be found; the message has its id
   * @throws IllegalArgumentException when the arguments cannot be written as JSON
   * @throws UnknownUserException when the options name a user who does not exist
   * @throws BatchClosedException when the options name a batch that takes no jobs
   * @throws UnknownJobException when the options name a job to wait for that does not exist
   */
  default <A> JobId enqueue(JobKind<A> kind, A args, JobOptions options) {
    return enqueueAll(kind, List.of(dev.plinth.core.spi.Args.notNull(args, "args")), options)
        .get(0);
  }

  /**
   * Enqueues many jobs of one kind under the same options; thousands take a few statements. All or
   * none; where they are unique by their arguments, those that are not there yet.
   *
   * @return their ids, in the order of their arguments; of one that was there already, that one's
   * @throws IllegalArgumentException when several are to be unique by the same key
   */
  <A> List<JobId> enqueueAll(JobKind<A> kind, List<A> args, JobOptions options);

  /**
   * Enqueues the jobs of a graph, all or none. Each begins when those that it waits for have ended,
   * as the edges say.
   *
   * @return their ids by their names in the graph
   * @throws IllegalArgumentException when an edge names a job that the graph lacks, or edges go
   *     round in a circle, which is named
   * @throws UnknownUserException when the options of a job name a user who does not exist
   * @throws BatchClosedException when the options of a job name a batch that takes no jobs
   * @throws UnknownJobException when the options of a job name one to wait for that does not exist
   */
  Map<String, JobId> enqueue(JobGraph graph);

  /**
   * As {@link #enqueue(JobKind, Object, JobOptions)}, telling whether it was enqueued or, by its
   * options' {@link Unique}, was there already.
   *
   * <p>Two that enqueue the same key at once wait for one another: the second learns of the first's
   * job when that commits, and enqueues its own when it rolls back. So two transactions that
   * enqueue the same keys in opposite order can run into a deadlock, as with rows of their own; one
   * call sorts its keys. A transaction at REPEATABLE READ or above fails (40001) where another
   * enqueued the key after its snapshot.
   *
   * <p>A duplicate counts in no batch, and its options mean nothing.
   */
  <A> Enqueued enqueueOrFind(JobKind<A> kind, A args, JobOptions options);

  /** Begins a batch of this name, for people; it need not be unique. */
  NewBatch batch(String name);

  /**
   * Ends the adding of jobs and batches, so that the batch can end: a started {@code Jobs}, on any
   * node, ends it once everything in it has ended, within its poll interval. Batches within it are
   * sealed by themselves. An empty batch ends by completing. Does nothing when it is sealed
   * already. Waits for transactions that are adding to it.
   *
   * @return false when there is no such batch
   */
  boolean seal(BatchId batch);

  /** A batch, with exact counters. */
  Optional<Batch> batch(BatchId id);

  /** Batches, newest first, with exact counters. */
  List<Batch> batches(BatchFilter filter, BatchPage page);

  /** A job. */
  Optional<Job> find(JobId id);

  /** Its ended attempts, the first one first. */
  List<Attempt> attempts(JobId id);

  /** The steps of its run, in the order in which they were first begun. */
  List<JobStep> steps(JobId id);

  /** What a waiting job still waits for; of any other job nothing. */
  List<Dependency> waitsFor(JobId id);

  /** Jobs, newest first. */
  List<Job> list(JobFilter filter, Page page);

  /**
   * Gives a failed job one more attempt, at once. A deadline that has passed no longer counts.
   *
   * @return false when it is not failed, or there is no such job, or it is so old that it is about
   *     to be removed
   * @throws BatchClosedException when its batch has ended
   */
  boolean retry(JobId id);

  /** Jobs that are enqueued by the clock. */
  Schedules schedules();

  /**
   * Why a job does not run, or that it does, or how it ended; and what can be done. Locks nothing.
   *
   * @return empty when there is no such job, or the transaction that enqueues it has not committed
   */
  Optional<Explanation> explain(JobId id);

  /**
   * Gives failed jobs one more attempt each, the newest first, in chunks; each chunk is a
   * transaction of its own unless there is one at hand. Those whose batch has ended stay as they
   * are.
   *
   * @param filter its status must be {@code FAILED} or open
   * @param max at most so many, from 1 to 1,000,000
   * @return how many were revived
   */
  int retryAll(JobFilter filter, int max);

  /** As {@link #cancel(JobId, Cancellation)}, without a reason. */
  default CancelResult cancel(JobId id) {
    return cancel(id, Cancellation.unexplained());
  }

  /**
   * Cancels a job. One that waits, for whatever, is cancelled with this transaction. One that runs
   * is told within a second of the commit, on whichever node: {@link JobRun#isCancelled()} turns
   * true and its thread is interrupted; it is cancelled when its handler throws or returns after
   * that, and after some seconds even when it does not, as far as it holds no fence. A handler that
   * has returned before it was told, or completes by {@code completeIn}, has completed its job.
   *
   * <p>May wait for the end of a transaction that cancels the same job.
   */
  CancelResult cancel(JobId id, Cancellation cancellation);

  /**
   * Cancels pending jobs, the newest of each status first, in chunks; each chunk is a transaction
   * of its own unless there is one at hand. Jobs that move on at that moment may be missed.
   *
   * @param filter its status must be that of jobs which have not ended, or open
   * @param max at most so many, from 1 to 1,000,000
   * @return how many were cancelled or, running, told
   */
  int cancelAll(JobFilter filter, int max, Cancellation cancellation);

  /**
   * Looks for what must never be: jobs that are nowhere or in two places, counters that differ from
   * the rows, callbacks missing. Reads everything in one snapshot, so it takes its time on large
   * tables.
   *
   * @return what is wrong; empty when nothing is
   */
  List<Fault> check();
}
