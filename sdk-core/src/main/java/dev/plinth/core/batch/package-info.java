/**
 * Group commit: concurrent callers share one transaction and return when it is durable.
 *
 * <p>Start with {@link dev.plinth.core.batch.GroupCommit}.
 */
@NullMarked
package dev.plinth.core.batch;

import org.jspecify.annotations.NullMarked;
