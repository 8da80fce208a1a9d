/**
 * Jobs that are enqueued by the clock: at the times of a cron expression, at intervals, or when
 * daily windows begin and end; durable, and once across the cluster.
 *
 * <p>Start with {@link dev.plinth.jobs.schedule.Schedules}, which {@link
 * dev.plinth.jobs.JobQueue#schedules()} gives, and {@link dev.plinth.jobs.schedule.NewSchedule}.
 */
@NullMarked
package dev.plinth.jobs.schedule;

import org.jspecify.annotations.NullMarked;
