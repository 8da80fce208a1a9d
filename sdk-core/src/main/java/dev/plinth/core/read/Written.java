package dev.plinth.core.read;

import org.jspecify.annotations.Nullable;

/**
 * What a committed transaction returned, and where its commit stands in the log.
 *
 * @param result what the work returned
 * @param position at or after the commit; hand it to the next read of whoever wrote
 * @param <T> the result, which may be null
 */
public record Written<T extends @Nullable Object>(T result, LogPosition position) {}
