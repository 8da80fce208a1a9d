package dev.plinth.jobs;

/**
 * What producer and handler agree on: a name, the class of the arguments, a version, and how
 * failures are retried. Either a {@link JobType}, or a {@link ResultJobType} whose handler returns
 * something worth keeping. Immutable.
 *
 * @param <A> the arguments
 */
public sealed interface JobKind<A> permits JobType, ResultJobType {
  /** The name in the database; may never change while such jobs wait. */
  String name();

  /** The class that arguments are written from and read into as JSON. */
  Class<A> argsType();

  /**
   * Goes up when the meaning of the arguments changes. A node runs jobs of its own version and of
   * older ones, and leaves newer ones to nodes that know them.
   */
  int version();

  /** The queue its jobs go to unless told otherwise. */
  String queue();

  /** How failures are retried. */
  RetryPolicy retryPolicy();

  /**
   * How long an attempt may take where its job does not say; what counts is the type that the
   * running node has its handler for.
   */
  Timeout timeout();
}
