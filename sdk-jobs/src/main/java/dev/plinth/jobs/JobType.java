package dev.plinth.jobs;

import dev.plinth.core.spi.Args;

/**
 * A kind of job whose handler returns nothing; usually a constant.
 *
 * <pre>{@code
 * static final JobType<RenderArgs> RENDER = JobType.of("render", RenderArgs.class);
 * static final ResultJobType<HashArgs, Digest> HASH =
 *     JobType.of("hash", HashArgs.class).returning(Digest.class);
 * }</pre>
 *
 * @param name see {@link JobKind#name()}; at most 100 characters
 * @param argsType see {@link JobKind#argsType()}
 * @param version see {@link JobKind#version()}; 1 unless set
 * @param queue see {@link JobKind#queue()}; {@code default} unless set
 * @param retryPolicy see {@link JobKind#retryPolicy()}
 * @param timeout see {@link JobKind#timeout()}; none unless set
 * @param <A> the arguments
 */
public record JobType<A>(
    String name,
    Class<A> argsType,
    int version,
    String queue,
    RetryPolicy retryPolicy,
    Timeout timeout)
    implements JobKind<A> {
  /** The queue of kinds that name no other. */
  public static final String DEFAULT_QUEUE = "default";

  /** Checks the arguments. */
  public JobType {
    Args.text(name, 100, "name");
    Args.notNull(argsType, "argsType");
    Args.range(version, 1, Integer.MAX_VALUE, "version");
    Args.text(queue, 100, "queue");
    Args.notNull(retryPolicy, "retryPolicy");
    Args.notNull(timeout, "timeout");
  }

  /** Version 1, in the default queue, with the default retry policy. */
  public static <A> JobType<A> of(String name, Class<A> argsType) {
    return new JobType<>(name, argsType, 1, DEFAULT_QUEUE, RetryPolicy.defaults(), Timeout.none());
  }

  /** The same kind with a result, kept as JSON with the job. */
  public <R> ResultJobType<A, R> returning(Class<R> resultType) {
    return new ResultJobType<>(this, resultType);
  }

  /** The same in another version. */
  public JobType<A> withVersion(int version) {
    return new JobType<>(name, argsType, version, queue, retryPolicy, timeout);
  }

  /** The same in another queue. */
  public JobType<A> withQueue(String queue) {
    return new JobType<>(name, argsType, version, queue, retryPolicy, timeout);
  }

  /** The same with another retry policy. */
  public JobType<A> withRetryPolicy(RetryPolicy retryPolicy) {
    return new JobType<>(name, argsType, version, queue, retryPolicy, timeout);
  }

  /** The same with another timeout of attempts; a job's own goes before. */
  public JobType<A> withTimeout(Timeout timeout) {
    return new JobType<>(name, argsType, version, queue, retryPolicy, timeout);
  }
}
