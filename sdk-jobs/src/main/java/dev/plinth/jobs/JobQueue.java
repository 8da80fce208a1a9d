package dev.plinth.jobs;

import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.tx.Tx;
import java.util.List;
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
   * Enqueues a job. It exists when the transaction commits, and may begin at that moment.
   *
   * @throws IllegalArgumentException when the arguments cannot be written as JSON
   * @throws UnknownUserException when the options name a user who does not exist
   * @throws BatchClosedException when the options name a batch that takes no jobs
   */
  default <A> JobId enqueue(JobKind<A> kind, A args, JobOptions options) {
    return enqueueAll(kind, List.of(dev.plinth.core.spi.Args.notNull(args, "args")), options)
        .get(0);
  }

  /**
   * Enqueues many jobs of one kind under the same options; thousands take a few statements. All or
   * none.
   *
   * @return their ids, in the order of their arguments
   */
  <A> List<JobId> enqueueAll(JobKind<A> kind, List<A> args, JobOptions options);

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

  /** Jobs, newest first. */
  List<Job> list(JobFilter filter, Page page);

  /**
   * Gives a failed job one more attempt, at once.
   *
   * @return false when it is not failed, or there is no such job
   * @throws BatchClosedException when its batch has ended
   */
  boolean retry(JobId id);

  /**
   * Looks for what must never be: jobs that are nowhere or in two places, counters that differ from
   * the rows, callbacks missing. Reads everything in one snapshot, so it takes its time on large
   * tables.
   *
   * @return what is wrong; empty when nothing is
   */
  List<Fault> check();
}
