package dev.plinth.jobs;

import dev.plinth.core.spi.Args;

/**
 * A kind of job whose handler returns a result, kept as JSON with the job. Made by {@link
 * JobType#returning}.
 *
 * @param type the kind without its result
 * @param resultType the class of the result
 * @param <A> the arguments
 * @param <R> the result
 */
public record ResultJobType<A, R>(JobType<A> type, Class<R> resultType) implements JobKind<A> {
  /** Checks the arguments. */
  public ResultJobType {
    Args.notNull(type, "type");
    Args.notNull(resultType, "resultType");
  }

  @Override
  public String name() {
    return type.name();
  }

  @Override
  public Class<A> argsType() {
    return type.argsType();
  }

  @Override
  public int version() {
    return type.version();
  }

  @Override
  public String queue() {
    return type.queue();
  }

  @Override
  public RetryPolicy retryPolicy() {
    return type.retryPolicy();
  }

  @Override
  public Timeout timeout() {
    return type.timeout();
  }
}
