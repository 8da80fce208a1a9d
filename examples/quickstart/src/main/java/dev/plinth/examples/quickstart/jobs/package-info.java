/**
 * The quickstart's chapter about jobs: a graph over real files, steps, schedules, limits, a paused
 * queue, and a process that is killed half-way.
 *
 * <p>Start with {@link dev.plinth.examples.quickstart.jobs.JobsChapter}.
 */
@NullMarked
package dev.plinth.examples.quickstart.jobs;

import org.jspecify.annotations.NullMarked;
