package dev.plinth.jobs.schedule;

import java.time.Instant;

/**
 * A window that is open at the moment.
 *
 * @param schedule its schedule, whose timing is the {@link Window}
 * @param since when it began
 * @param until when it ends
 */
public record OpenWindow(Schedule schedule, Instant since, Instant until) {}
