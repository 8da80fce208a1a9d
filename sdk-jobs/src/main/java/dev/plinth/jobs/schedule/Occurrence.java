package dev.plinth.jobs.schedule;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a job is given when its schedule has no arguments of its own: which due time it stands for.
 *
 * @param schedule the schedule's name
 * @param dueAt the due time, which may be long past when it was missed; of a job that was triggered
 *     by hand, the time of that
 * @param edge whether a window begins or ends, or null where the timing is no window; of a job that
 *     was triggered by hand, START while the window is open and else END
 * @param targetInstances how many instances the window wants, or null
 * @param target what else it wants, or null
 */
public record Occurrence(
    String schedule,
    Instant dueAt,
    @Nullable Edge edge,
    @Nullable Integer targetInstances,
    @Nullable Map<String, Object> target) {}
