package dev.plinth.jobs;

import org.jspecify.annotations.Nullable;

/**
 * What a step does, outside of any transaction of Plinth's.
 *
 * @param <R> the result, which may be null
 * @param <X> what it may throw
 */
@FunctionalInterface
public interface StepBody<R extends @Nullable Object, X extends Exception> {
  /** Does it; what it throws is recorded with the step and thrown on. */
  R run() throws X;
}
