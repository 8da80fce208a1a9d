package dev.plinth.jobs;

import dev.plinth.core.identity.UnknownUserException;
import dev.plinth.core.tx.Tx;
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
   * Enqueues a job. It exists when the transaction commits, and may begin at that moment.
   *
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
   * none.
   *
   * @return their ids, in the order of their arguments
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

  /** Begins a batch of this name, for people; it need not be unique. */
  NewBatch batch(String name);

  /**
   * Ends the adding of jobs, so that the batch can end: a started {@code Jobs}, on any node, ends
   * it once all its jobs have ended, within its poll interval. A batch without jobs ends by
   * completing. Does nothing when it is sealed already. Waits for transactions that are adding
   * jobs.
   *
   * @return false when there is no such batch
   */
  boolean seal(BatchId batch);

  /** A batch, with exact counters. */
  Optional<Batch> batch(BatchId id);

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
   * Gives a failed job one more attempt, at once.
   *
   * @return false when it is not failed, or there is no such job, or it is so old that it is about
   *     to be removed
   * @throws BatchClosedException when its batch has ended
   */
  boolean retry(JobId id);

  /**
   * Why a job does not run, or that it does, or how it ended; and what can be done. Locks nothing.
   *
   * @return empty when there is no such job, or the transaction that enqueues it has not committed
   */
  Optional<Explanation> explain(JobId id);

  /**
   * Looks for what must never be: jobs that are nowhere or in two places, counters that differ from
   * the rows, callbacks missing. Reads everything in one snapshot, so it takes its time on large
   * tables.
   *
   * @return what is wrong; empty when nothing is
   */
  List<Fault> check();
}
