/**
 * Durable jobs in the host's PostgreSQL: enqueued in the host's transaction, run by any number of
 * processes, tracked from request to result.
 *
 * <p>Start with {@link dev.plinth.jobs.Jobs}; kinds of job are {@link dev.plinth.jobs.JobType}
 * constants, and what a handler is given is a {@link dev.plinth.jobs.JobRun}.
 */
@NullMarked
package dev.plinth.jobs;

import org.jspecify.annotations.NullMarked;
