/**
 * For tests of what uses {@code plinth-jobs}: jobs run one by one on the test's own thread, claims
 * about what was enqueued, and crashes at every boundary of a job's life.
 *
 * <p>Needs {@code plinth-jobs} on the class path; the rest of {@code plinth-test} does not. Start
 * with {@link dev.plinth.test.jobs.JobsTesting}, for crashes with {@link
 * dev.plinth.test.jobs.CrashKit}.
 */
@NullMarked
package dev.plinth.test.jobs;

import org.jspecify.annotations.NullMarked;
