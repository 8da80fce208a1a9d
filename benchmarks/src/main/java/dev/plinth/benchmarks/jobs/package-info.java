/**
 * Workloads of durable jobs, and the systems that take part in them.
 *
 * <p>A {@link dev.plinth.benchmarks.jobs.JobContestant} wraps one system, configured as its own
 * documentation recommends for throughput; the workloads only know that interface, so that all are
 * measured by the same code. Start reading at {@link dev.plinth.benchmarks.jobs.Drain}.
 */
@NullMarked
package dev.plinth.benchmarks.jobs;

import org.jspecify.annotations.NullMarked;
