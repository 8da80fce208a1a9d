package dev.plinth.benchmarks.jobs;

import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * A system that runs jobs. Each job carries one number, and there is one kind of job. Enqueueing
 * may be done by many threads.
 */
interface JobContestant extends AutoCloseable {
  /** Name and version, for the conditions. */
  String version();

  /** Makes its tables in an empty database. */
  void install() throws Exception;

  /** Gets ready to enqueue, as an application does when it starts. */
  default void open() throws Exception {}

  /** Enqueues a job; it is durable when this returns. */
  void enqueue(long number) throws Exception;

  /** Enqueues the jobs with the numbers from one up to another, by the fastest way it offers. */
  void enqueueAll(long from, long to) throws Exception;

  /** Begins to run jobs, so many at a time; may be called again when the workers were closed. */
  Workers start(int workers, LongConsumer handler) throws Exception;

  /** A query that counts the jobs whose end is not durable yet. */
  String unfinished();

  /** A query that counts the jobs recorded as done; empty when the system keeps no such record. */
  Optional<String> finished();

  /** The part of the jobs that it is given; less than one where all would take minutes. */
  default double share() {
    return 1;
  }

  @Override
  void close() throws Exception;

  /** Workers that run. */
  interface Workers extends AutoCloseable {
    /** Stops in good order; what is running ends first. */
    @Override
    void close() throws Exception;
  }
}
